"""THE MODEL VILLAGE: synthetic cities and what-if, from the same functions as the real month."""
