"""公示: codes, commitment, public bundle, masked notices, slips and the search for leaks."""
