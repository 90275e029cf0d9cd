"""Chances before the draw: the month's own functions run on many rehearsed draws (``round odds``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import Refused
from allocator.measures import comparison
from allocator.measures.fairness import wilson
from allocator.measures.odds import ODDS_COLUMNS, mean_with_error, with_errors
from allocator.model.instance import UNASSIGNED, Instance, Ints, Solution
from allocator.model.lookups import is_among, positions_among
from allocator.policy.model import AllocationRules
from allocator.ranking.draw import order_of
from allocator.rounds import trying
from allocator.rounds.allocation import instance_in_order
from allocator.rounds.freeze import SubRound
from allocator.rounds.trying import Way


@dataclass(frozen=True, eq=False)
class Odds:
    """``table``: ``ODDS_COLUMNS``, a row per household and listed pool, and per household one with an empty pool and
    rank 0: any place there. ``is_exact``: stated by the mechanism, nothing simulated. ``price`` and
    ``manipulability``: plain figures of the last sub-round; empty where they were not asked for or not defined.
    """

    table: pd.DataFrame
    num_draws: int
    is_exact: bool
    housed: tuple[float, float]
    price: dict[str, Any] = field(default_factory=dict)
    manipulability: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Drawn:
    """One sub-round under one rehearsed draw."""

    frozen: SubRound
    order: pd.DataFrame
    instance: Instance
    solution: Solution


def play(
    rounds: Sequence[SubRound],
    orders: Callable[[SubRound], pd.DataFrame],
    gone: set[str],
    rules: AllocationRules,
    seed: str,
) -> Iterator[Drawn]:
    """The sub-rounds in turn as the month runs them: who is housed in one takes no part in the next."""
    way = Way(rules.mechanism, rules.housing_first, rules.housed)
    gone = set(gone)
    for frozen in rounds:
        order, roster = orders(frozen), frozen.roster
        removed = set(roster.loc[is_among(roster["receipt_no"], gone), "code"])
        instance = instance_in_order(frozen, order, removed)
        solution = way.solve(instance, seed)
        yield Drawn(frozen, order, instance, solution)
        codes = order["code"][solution.matching.assigned != UNASSIGNED]
        gone |= set(roster.loc[is_among(roster["code"], codes), "receipt_no"])


def odds(
    rounds: Sequence[SubRound],
    gone: set[str],
    rules: AllocationRules,
    *,
    seed: int,
    num_draws: int,
    sample: int = 0,
    tick: Callable[[int], None] = lambda _: None,
) -> Odds:
    """Everybody's chances over ``num_draws`` rehearsed draws; of the last sub-round also price and manipulability.

    Args:
        rounds: the frozen sub-rounds in their order, the public one last.
        gone: receipt numbers that left after the roster was published.
        rules: the policy's mechanism.
        seed: of the run; draw k has the seed ``trying.rehearsed_seed(seed, k)``, which no real round can have.
        num_draws: 1 or more.
        sample: (household, draw) pairs tried with misreports, 0 for none.
        tick: hears the number of draws done.
    """
    wins = {frozen.name: _Wins(frozen) for frozen in rounds}
    housed, better = np.zeros(num_draws), []
    exploited, asked = 0, 0
    for number in range(num_draws):
        hexed = trying.rehearsed_seed(seed, number)
        for drawn in play(rounds, lambda one, hexed=hexed: _order(one, hexed), gone, rules, hexed):  # type: ignore[misc]
            if drawn.solution.chances is not None and len(rounds) == 1:
                return _exact(drawn)
            wins[drawn.frozen.name].count(drawn)
            housed[number] += (drawn.solution.matching.assigned != UNASSIGNED).sum()
        better.append(_price(drawn))
        share = sample * (number + 1) // num_draws - sample * number // num_draws
        found = _exploited(drawn, rules, share, hexed)
        exploited, asked = exploited + sum(found), asked + len(found)
        tick(number + 1)
    table = pd.concat([wins[frozen.name].table() for frozen in rounds], ignore_index=True)
    return Odds(
        table=with_errors(table, num_draws)[list(ODDS_COLUMNS)],
        num_draws=num_draws,
        is_exact=False,
        housed=mean_with_error(housed),
        price=_mean_price(better),
        manipulability=_manipulability(exploited, asked),
    )


def _order(frozen: SubRound, seed: str) -> pd.DataFrame:
    return order_of(frozen.roster[["code", "band", "points"]], seed)


class _Wins:
    """How often each household got each pool of its list."""

    def __init__(self, frozen: SubRound) -> None:
        self.frozen = frozen
        household = positions_among(frozen.preferences["code"], frozen.roster["code"])
        pool = positions_among(frozen.preferences["pool"], frozen.pools["pool"])
        self.keys = household * len(frozen.pools) + pool
        self.by_key = np.argsort(self.keys, kind="stable")
        self.counts = np.zeros(len(self.keys), np.int64)

    def count(self, drawn: Drawn) -> None:
        """Add one draw."""
        assigned = drawn.solution.matching.assigned
        housed = np.flatnonzero(assigned != UNASSIGNED)
        household = positions_among(drawn.order["code"].iloc[housed], self.frozen.roster["code"])
        keys = household * len(self.frozen.pools) + assigned[housed]
        self.counts[self.by_key[np.searchsorted(self.keys[self.by_key], keys)]] += 1

    def table(self) -> pd.DataFrame:
        """``receipt_no, sub_round, pool, rank, wins``, in the order of the roster, each list in its own."""
        return _table(self.frozen, self.counts)


def _table(frozen: SubRound, wins: Any) -> pd.DataFrame:
    """Each list in its order behind the row of any place, which also who listed nothing has."""
    lists = frozen.preferences.assign(wins=wins)
    anywhere = lists.groupby("code", sort=False)["wins"].sum()
    everybody = pd.DataFrame({"code": frozen.roster["code"], "rank": 0, "pool": ""})
    everybody["wins"] = everybody["code"].map(anywhere).fillna(0).astype(lists["wins"].dtype)
    whole = pd.concat([everybody, lists[["code", "rank", "pool", "wins"]]], ignore_index=True)
    place = positions_among(whole["code"], frozen.roster["code"])
    rows = np.lexsort((np.arange(len(whole)), whole["rank"].to_numpy(dtype=np.int64), place))
    whole, place = whole.iloc[rows], place[rows]
    receipts = frozen.roster["receipt_no"].to_numpy(object)[place]
    table = whole.assign(receipt_no=receipts, sub_round=frozen.name)
    return table[["receipt_no", "sub_round", "pool", "rank", "wins"]].reset_index(drop=True)


def _exact(drawn: Drawn) -> Odds:
    """The chances that a lottery states itself; nothing is left to count."""
    chances = drawn.solution.chances or {}
    lists = drawn.frozen.preferences
    stated = [
        float(Fraction(chances.get(code, {}).get(pool, "0")))
        for code, pool in zip(lists["code"], lists["pool"], strict=True)
    ]
    table = _table(drawn.frozen, stated).rename(columns={"wins": "chance"})
    known = table.assign(wins=pd.NA, error=0.0, low=table["chance"], high=table["chance"])
    total = sum(Fraction(share) for row in chances.values() for share in row.values())
    return Odds(known[list(ODDS_COLUMNS)], 0, is_exact=True, housed=(float(total), 0.0))


def _price(drawn: Drawn) -> tuple[int, int, int, int] | None:
    """Housed and total rank by the policy and by the best over everybody in one band."""
    try:
        whole = trying.in_one_band(drawn.instance)
        best = comparison.totals(whole, trying.holdings(whole, Way("band_optimum").solve(whole)))
    except Refused:
        return None
    own = comparison.totals(drawn.instance, trying.holdings(drawn.instance, drawn.solution))
    return own["num_housed"], own["total_rank"], best["num_housed"], best["total_rank"]


def _mean_price(better: Sequence[tuple[int, int, int, int] | None]) -> dict[str, Any]:
    known = np.array([one for one in better if one is not None], np.float64)
    if len(known) < len(better) or not len(known):
        return {}
    own = comparison.mean_ranks(known[:, 1], known[:, 0])
    best = comparison.mean_ranks(known[:, 3], known[:, 2])
    housed, housed_error = mean_with_error(known[:, 2] - known[:, 0])
    ranks, ranks_error = mean_with_error(np.nan_to_num(best - own))
    return {
        "housed": housed,
        "housed_error": housed_error,
        "mean_rank_own": float(np.nan_to_num(own).mean()),
        "mean_rank_change": ranks,
        "mean_rank_error": ranks_error,
    }


def _exploited(drawn: Drawn, rules: AllocationRules, size: int, seed: str) -> list[bool]:
    """For each sampled household whether it could have gained by another list; its draw is this one.

    Of a lottery nothing is asked: what another list gains there are chances, not a place.
    """
    if not size or drawn.solution.chances is not None:
        return []
    way = Way(rules.mechanism, rules.housing_first, rules.housed)
    households: Ints = trying.sampled(drawn.instance, size, seed)
    held = trying.holdings(drawn.instance, drawn.solution)
    return list(trying.exploiters(drawn.instance, held, way, households.tolist()))


def _manipulability(exploited: int, asked: int) -> dict[str, Any]:
    if not asked:
        return {}
    low, high = wilson(np.array([exploited]), np.array([asked]))
    return {
        "sampled": asked,
        "exploiting": exploited,
        "share": exploited / asked,
        "low": float(low[0]),
        "high": float(high[0]),
    }
