"""The store: everything at rest."""
