"""指标: pure functions from frames to the figures of a round."""

from allocator.measures.rounds import round_figures

__all__ = ["round_figures"]
