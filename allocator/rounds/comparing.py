"""All admissible mechanisms on one sub-round's frozen inputs, side by side (``round compare``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.audit.group_target import target_faults
from allocator.errors import AllocatorError, Refused
from allocator.measures import comparison
from allocator.measures.fairness import wilson
from allocator.measures.holdings import Holdings
from allocator.mechanisms.group_target import group_target
from allocator.model.instance import Instance, Ints
from allocator.rounds import trying
from allocator.rounds.rule_prices import rule_prices
from allocator.rounds.trying import Tick, Way

# Exact chances of 5,000 households take minutes, of more far longer.
LOTTERY_HOUSEHOLDS: Final = 1000
_COUNTS: Final = (
    "num_housed",
    "num_first",
    "envy_households",
    "envy_pairs",
    "envy_households_in_band",
    "envy_pairs_in_band",
    "better",
    "worse",
    "newly_housed",
    "lost",
    "num_sampled",
    "num_exploiting",
    "price_housed",
    "price_first",
)
_SHARES: Final = ("mean_rank", "expected_housed", "exploit_low", "exploit_high")


@dataclass(frozen=True, eq=False)
class Compared:
    """Frames and figures of ``model.comparison.ComparisonFigures``, under the same names."""

    mechanisms: pd.DataFrame
    bands: pd.DataFrame
    groups: pd.DataFrame
    quotas: pd.DataFrame
    targets: pd.DataFrame
    distances: pd.DataFrame
    target_refusal: tuple[str, Mapping[str, Any]]
    optimum: Mapping[str, Any]
    optimum_refusal: tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class _Tried:
    """One mechanism's outcome, or why there is none."""

    way: Way
    held: Holdings | None = None
    expected: float = float("nan")
    is_lottery: bool = False
    proofs: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    refusal: str = ""
    params: Mapping[str, Any] | None = None


def ways(own: Way, num_bands: int) -> list[Way]:
    """The policy's own mechanism first, then every other one, each way to run it once."""
    others = [Way(name, housed=own.housed) for name in mechanisms.NAMES]
    if num_bands > 1:
        place = mechanisms.NAMES.index("band_optimum") + 1
        others.insert(place, Way("band_optimum", housing_first=True, housed=own.housed))
    return [own, *(way for way in others if way != own)]


def compare(
    instance: Instance,
    people: pd.DataFrame,
    own: Way,
    *,
    seed: str,
    sample: int,
    all_lotteries: bool = False,
    tick: Tick = trying.quiet,
) -> Compared:
    """Run, judge and measure every mechanism. Who refuses is listed with its reason.

    Args:
        instance: the sub-round in its order, with what the policy declares.
        people: one row per household in order; a column per grouping of ``measures.comparison.by_group``.
        own: the policy's mechanism; the others are compared with it.
        seed: hex, of lotteries and of the sample.
        sample: how many households are tried with misreports, 0 for none.
        all_lotteries: also where exact chances of so many households may take hours.
        tick: hears the name of each mechanism as its turn comes.
    """
    instance = trying.fingerprinted(instance)
    asked = trying.sampled(instance, sample, seed)
    tried = []
    for way in ways(own, instance.num_bands):
        tick(way.name)
        is_left_out = not all_lotteries and way != own and _is_long(instance, way)
        tried.append(_left_out_of(way) if is_left_out else _tried(instance, way, seed))
    tick("band_optimum")
    optimum, refusal = _optimum(instance, own)
    base = tried[0].held
    rows = []
    for one in tried:
        tick(one.way.name)
        rows.append(_row(instance, one, base, optimum, asked))
    ran = [one for one in tried if one.held is not None]
    groups = _stacked(ran, lambda held: comparison.by_group(people, held))
    tick("group_target")
    targets, target_refusal = _targets(instance, people)
    frame = pd.DataFrame(rows).astype(dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(_SHARES, "float64"))
    frame.insert(1, "is_own", [one.way == own for one in tried])
    return Compared(
        mechanisms=frame,
        bands=_stacked(ran, lambda held: comparison.by_band(instance, held)),
        groups=groups,
        quotas=rule_prices(instance, own, base),
        targets=targets,
        distances=_distances(groups, targets),
        target_refusal=target_refusal,
        optimum=optimum,
        optimum_refusal=refusal,
    )


def _is_long(instance: Instance, way: Way) -> bool:
    """A lottery over many households in one band; over several bands it refuses at once."""
    is_lottery = "seed" in mechanisms.mechanism_named(way.mechanism).options
    return is_lottery and instance.num_bands == 1 and instance.num_households > LOTTERY_HOUSEHOLDS


def _left_out_of(way: Way) -> _Tried:
    params = {"mechanism": way.mechanism, "households": LOTTERY_HOUSEHOLDS}
    return _Tried(way, refusal="compare_lottery_left_out", params=params)


def _tried(instance: Instance, way: Way, seed: str) -> _Tried:
    try:
        solution = way.solve(instance, seed)
    except AllocatorError as refusal:
        return _Tried(way, refusal=refusal.code, params=refusal.params)
    holds, broken = trying.proofs_of(instance, solution)
    chances = solution.chances
    expected = float("nan")
    if chances is not None:
        expected = float(sum(Fraction(share) for row in chances.values() for share in row.values()))
    return _Tried(
        way,
        trying.holdings(instance, solution),
        expected,
        chances is not None,
        tuple(holds),
        tuple(broken),
    )


def _optimum(instance: Instance, own: Way) -> tuple[dict[str, Any], tuple[str, Mapping[str, Any]]]:
    """The most that can be housed, and the best ranks then, if all were one band; proved by its certificate."""
    whole = trying.fingerprinted(trying.in_one_band(instance))
    try:
        solution = Way("band_optimum", housed=own.housed).solve(whole)
    except AllocatorError as refusal:
        return {}, (refusal.code, refusal.params)
    holds, broken = trying.proofs_of(whole, solution)
    held = trying.holdings(whole, solution)
    figures = comparison.totals(whole, held)
    kept = {name: figures[name] for name in ("num_housed", "num_first", "total_rank")}
    kept["envy_households"] = comparison.totals(instance, held)["envy_households"]
    return {**kept, "proofs": holds, "broken": broken}, ("", {})


def _targets(instance: Instance, people: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, Mapping[str, Any]]]:
    """The leximin numbers housed per group, each grouping by itself, found and then judged by the audit."""
    rows: list[tuple[str, str, int, int, bool]] = []
    try:
        for grouping in people.columns:
            names = comparison.merged_names(people[grouping], str(grouping))
            found = group_target(instance, names)
            tight = [(one.groups, one.pools, one.most) for one in found.tight]
            faults = list(target_faults(instance, names, found.housed, tight, found.assigned))
            rows += [
                (str(grouping), name, size, found.housed[name], not faults)
                for name, size in found.size.items()
            ]
    except Refused as refusal:
        rows, told = [], (refusal.code, refusal.params)
    else:
        told = ("", {})
    columns = ["grouping", "group", "num_households", "target", "is_proved"]
    return pd.DataFrame(rows, columns=columns), told


def _distances(groups: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """``mechanism, grouping, short``: how many households fewer than the target are housed in groups below it."""
    columns = ["mechanism", "grouping", "short"]
    if targets.empty or groups.empty:
        return pd.DataFrame(columns=columns)
    both = groups.merge(targets[["grouping", "group", "target"]], on=["grouping", "group"], validate="m:1")
    both["short"] = (both["target"] - both["num_housed"]).clip(lower=0)
    return both.groupby(columns[:2], sort=False)["short"].sum().reset_index()


def _row(
    instance: Instance, one: _Tried, base: Holdings | None, optimum: Mapping[str, Any], asked: Ints
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "mechanism": one.way.name,
        "refusal": one.refusal,
        "refusal_params": dict(one.params or {}),
        **dict.fromkeys((*_COUNTS, *_SHARES)),
        "proofs": list(one.proofs),
        "broken": list(one.broken),
    }
    if one.held is None:
        return row
    figures = comparison.totals(instance, one.held)
    total_rank = figures.pop("total_rank")
    row |= figures
    row["mean_rank"] = float(comparison.mean_ranks(total_rank, figures["num_housed"]))
    row["expected_housed"] = one.expected
    if base is not None:
        row |= vars(comparison.change_from(base, one.held))
    if optimum:
        row["price_housed"] = optimum["num_housed"] - figures["num_housed"]
        row["price_first"] = optimum["num_first"] - figures["num_first"]
    if len(asked) and not one.is_lottery:
        found = sum(trying.exploiters(instance, one.held, one.way, asked.tolist()))
        low, high = wilson(np.array([found]), np.array([len(asked)]))
        row |= {"num_sampled": len(asked), "num_exploiting": found}
        row |= {"exploit_low": float(low[0]), "exploit_high": float(high[0])}
    return row


def _stacked(ran: list[_Tried], measure: Any) -> pd.DataFrame:
    frames = [measure(one.held).assign(mechanism=one.way.name) for one in ran]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"mechanism": []})
