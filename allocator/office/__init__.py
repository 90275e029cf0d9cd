"""THE DESK: load, step, journal, save; one transaction each. Joins the corridor to store, files and pages."""
