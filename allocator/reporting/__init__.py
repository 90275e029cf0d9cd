"""Pages and charts: one self-contained file each, no network, nothing personal."""

from allocator.reporting.rounds import round_page

__all__ = ["round_page"]
