"""The allocation engine for public rental housing (公租房配租)."""
