"""THE CORRIDOR: the rooms in order, pure. No store, no files, no clock."""
