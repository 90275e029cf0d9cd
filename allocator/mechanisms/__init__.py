"""配租机制: who gets what. The policy names the mechanism; there is no hidden default."""

from __future__ import annotations

from allocator.mechanisms.protocol import NAMES, Mechanism, mechanism_named, solve
from allocator.mechanisms.rooms import split_of_units

__all__ = ["NAMES", "Mechanism", "mechanism_named", "solve", "split_of_units"]
