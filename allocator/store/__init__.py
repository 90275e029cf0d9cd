"""OUTBUILDING: the only door to the database. Facts, rounds, journal, offers and leases at rest."""

from allocator.store.bulk import Counts
from allocator.store.store import Store

__all__ = ["Counts", "Store"]
