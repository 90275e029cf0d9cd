"""Dormitory rooms of one sex in a round: units, the joint split, its proof in the bundle."""
