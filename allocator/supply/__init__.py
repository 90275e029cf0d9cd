"""房源: which dwellings are offered, in which pools, kept for whom."""
