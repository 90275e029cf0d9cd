"""When a pool gave its last place in trading cycles, and to whom: read off the published rounds alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from allocator.rounds.declared import Declared
from allocator.rounds.standings import tier_at


def is_traded(certificate: Mapping[str, Any]) -> bool:
    """Whether the certificate tells rounds of cycles."""
    return certificate["mechanism"] == "top_trading_cycles"


def last_places(certificate: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """By pool the trading round, from 1, in which a place of it last went, and the code it went to."""
    return {
        pool: (number, code)
        for number, cycles in enumerate(certificate["rounds"], 1)
        for cycle in cycles
        for code, pool in cycle
    }


def trades(
    code: str,
    listed: Sequence[tuple[int, str]],
    certificate: Mapping[str, Any],
    declared: Declared | None,
    position: Mapping[str, int],
) -> list[dict[str, Any]]:
    """For each pool a household did not get (``rank, pool``): when its last place went, and to which position.

    ``cause``: ``not_admitted`` by the pool's priority; ``shut``: it had no place at all; ``traded``: ``round`` and
    ``last_position``. Everybody in a cycle takes the best pool that is left, so until then no cycle came to it there.
    """
    groups = set() if declared is None else set(declared.groups.loc[declared.groups["code"] == code, "group"])
    last = last_places(certificate)
    rows = []
    for rank, pool in listed:
        row = {"pool": pool, "rank": rank, "round": 0, "last_position": 0}
        if tier_at(pool, groups, declared) == 0:
            rows.append({**row, "cause": "not_admitted"})
        elif pool not in last:
            rows.append({**row, "cause": "shut"})
        else:
            number, taker = last[pool]
            rows.append({**row, "cause": "traded", "round": number, "last_position": position[taker]})
    return rows


def positions_of(order: pd.DataFrame) -> dict[str, int]:
    """Position by code."""
    return dict(zip(order["code"], order["position"].astype(int).tolist(), strict=True))
