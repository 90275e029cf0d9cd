"""The laboratory's single models: rent-to-own."""
