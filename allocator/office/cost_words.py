"""What a wish would have cost others, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from allocator.messages import text_of

# The heaviest first: figure of the band, and how many ranks go with it.
_EFFECTS: Final = (
    ("unhoused", ""),
    ("worse", "ranks_lost"),
    ("newly_housed", ""),
    ("better", "ranks_gained"),
)


def effects(cost: Mapping[str, Any], language: str) -> str:
    """One clause per band and effect. ``cost``: a document of ``measures.costs.Cost``; bands are shown from 1."""
    clauses = list(_clauses(cost, language))
    return text_of("cost_joint", language).join(clauses) if clauses else text_of("cost_nobody", language)


def _clauses(cost: Mapping[str, Any], language: str) -> Iterator[str]:
    for band in cost["bands"]:
        for effect, ranks in _EFFECTS:
            if band[effect]:
                number = "one" if band[effect] == 1 else "many"
                yield text_of(
                    f"cost_{effect}_{number}",
                    language,
                    households=band[effect],
                    band=band["band"] + 1,
                    ranks=band[ranks] if ranks else 0,
                )
