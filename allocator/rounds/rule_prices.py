"""What each declared rule changes: the policy's own outcome beside the outcome without it (``round compare``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.errors import Refused
from allocator.measures.holdings import Holdings
from allocator.measures.reserve_order import taken_apart
from allocator.model.instance import Instance, Ints
from allocator.rounds import trying
from allocator.rounds.trying import Way

_RULES: Final = ("max", "min", "min_soft", "reserves")
# Mechanisms that give out places in an order, so that it matters which are asked for first; for ``band_optimum``
# the reserves are an aim of their own.
_TAKING_PLACES: Final = ("serial", "deferred_acceptance")


def rule_prices(instance: Instance, own: Way, base: Holdings | None) -> pd.DataFrame:
    """Change of the policy's own outcome when one rule at a time is left out, or reserves are asked for last."""
    columns = ["kind", "name", "num_housed", "num_first", "total_rank", "group_housed", "proofs", "broken"]
    rows = []
    if base is not None:
        for kind, name, members, other, way in _other_rules(instance, own):
            try:
                solution = way.solve(other)
            except Refused:
                continue
            held = trying.holdings(other, solution)
            change = [
                now - then for now, then in zip(_counts(held, members), _counts(base, members), strict=True)
            ]
            rows.append([kind, name, *change, *trying.proofs_of(other, solution)])
    return pd.DataFrame(rows, columns=columns)


def _counts(held: Holdings, members: Ints) -> tuple[int, int, int, int]:
    """Housed, first choices, sum of ranks; and how many of the members are housed."""
    is_housed = held.rank > 0
    return (
        int(is_housed.sum()),
        int((held.rank == 1).sum()),
        int(held.rank.sum()),
        int(is_housed[members].sum()),
    )


def _other_rules(instance: Instance, own: Way) -> Iterator[tuple[str, str, Ints, Instance, Way]]:
    """Kind and name of a rule, whom it counts, the market without it, and the mechanism to run on that."""
    for kind, name, entry, without in _left_out(instance):
        yield kind, name, _counted(instance, entry), without, own
    apart = taken_apart(instance, is_open_first=True) if own.mechanism in _TAKING_PLACES else None
    if apart is not None:
        groups = [entry["group"] for entry in instance.extensions["reserves"]]
        members = _counted(instance, {"groups": groups})
        yield "reserve_order", "", members, trying.fingerprinted(apart), Way("deferred_acceptance")


def _counted(instance: Instance, entry: Mapping[str, Any]) -> Ints:
    """Positions of the households of a rule's groups; of all where it names none."""
    if "groups" not in entry and "group" not in entry:
        return np.arange(instance.num_households)
    nobody = np.empty(0, np.int64)
    groups = entry.get("groups") or [entry.get("group")]
    return np.unique(np.concatenate([instance.groups.get(group, nobody) for group in groups]))


def _left_out(instance: Instance) -> Iterator[tuple[str, str, Mapping[str, Any], Instance]]:
    """Every rule by kind and name, as declared, and the instance without it."""
    for kind in _RULES:
        for number, entry in enumerate(instance.extensions.get(kind, [])):
            rest = [one for place, one in enumerate(instance.extensions[kind]) if place != number]
            extensions = {**instance.extensions, kind: rest}
            name = str(entry.get("id") or f"{entry.get('pool')} / {entry.get('group')}")
            kept = {field: value for field, value in extensions.items() if value}
            yield kind, name, entry, trying.fingerprinted(replace(instance, extensions=kept))
