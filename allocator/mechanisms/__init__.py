"""配租机制: who gets what. The policy names the mechanism; there is no hidden default."""

from __future__ import annotations

from allocator.mechanisms.protocol import NAMES, Mechanism, mechanism_named, solve

__all__ = ["NAMES", "Mechanism", "mechanism_named", "solve"]
