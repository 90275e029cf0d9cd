"""评分摇号: scores, bands and the sealed draw."""
