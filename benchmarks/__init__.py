"""Measured, as ratios against floors. ``make bench`` runs ``bench.py``."""
