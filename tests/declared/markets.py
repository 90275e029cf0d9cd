"""Random markets under declared rules, for the arrays and for verify.py alike."""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from allocator.audit import declared
from allocator.model.instance import Instance
from tests.audit import judges

GROUPS = ("g1", "g2")
TRADING = "top_trading_cycles"
CROSSING = "band_optimum, crossing"
LOTTERIES = ("probabilistic_serial", "leximin_lottery")


@st.composite
def rules_of(draw: st.DrawFn, pools: list[str], capacity: list[int], mechanism: str) -> dict[str, Any]:
    """A document of ``rules.json``: priority at some pools, reserves, maxima; what the mechanism knows of these."""
    is_serial = mechanism == "serial"
    is_optimum = mechanism in {"band_optimum", CROSSING}
    is_released = draw(st.booleans())
    priority = {
        pool: {
            "tiers": draw(st.sampled_from([[["g1"]], [["g2"], ["g1"]], [["g1", "g2"]]])),
            "others": draw(st.booleans()),
        }
        for pool in pools
        if mechanism in {"deferred_acceptance", TRADING} and draw(st.booleans())
    }
    if mechanism == TRADING:
        return {"priority": priority, "reserves": [], "quotas": []}
    reserves = [
        {
            "id": "r",
            "pool": pool,
            "group": draw(st.sampled_from(GROUPS)),
            "places": draw(st.integers(1, 2)),
            "release": is_released and draw(st.booleans()),
        }
        for pool in pools
        for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
        if mechanism not in LOTTERIES
    ]
    quotas = []
    for pool, places in zip(pools, capacity, strict=True):
        for groups in draw(st.sampled_from([[], [None], [["g1"]], [["g2"]], [["g1", "g2"]]])):
            named = {} if groups is None else {"groups": groups}
            most = draw(st.integers(0, places))
            bound = draw(st.sampled_from(["max", "min_soft"])) if is_optimum else "max"
            quotas.append({"id": f"q@{pool}", "pools": [pool], **named, bound: most})
    if is_serial and not is_released and draw(st.booleans()):
        quotas.append({"id": "all", "pools": pools[:2], "groups": ["g1"], "max": draw(st.integers(0, 2))})
    if mechanism in LOTTERIES and draw(st.booleans()):
        named = draw(st.sampled_from([{}, {"groups": ["g1"]}]))
        quotas.append({"id": "all", "pools": pools, **named, "max": draw(st.integers(0, 3))})
    if mechanism == CROSSING:
        bound = draw(st.sampled_from(["max", "min_soft"]))
        quotas.append({"id": "some", "pools": pools[-2:], "groups": ["g1"], bound: draw(st.integers(0, 2))})
    if is_optimum and draw(st.booleans()):
        bound = draw(st.sampled_from(["max", "min_soft"]))
        quotas.append({"id": "all", "pools": pools[:2], bound: draw(st.integers(0, 3))})
    return {"priority": priority, "reserves": reserves, "quotas": quotas}


@st.composite
def markets(draw: st.DrawFn, mechanism: str) -> tuple[Instance, dict[str, Any], list[frozenset[str]]]:
    """An instance under its rules, the rules, and the groups of each household by position."""
    size, num_pools = draw(st.integers(2, 7)), draw(st.integers(2, 3))
    pools = [f"p{number}" for number in range(1, num_pools + 1)]
    capacity = [draw(st.integers(0, 3)) for _ in pools]
    lists = [
        draw(st.lists(st.integers(0, num_pools - 1), unique=True, max_size=num_pools)) for _ in range(size)
    ]
    own = [frozenset(draw(st.sets(st.sampled_from(GROUPS)))) for _ in range(size)]
    rules = draw(rules_of(pools, capacity, mechanism))
    start = np.concatenate([[0], np.cumsum([len(wishes) for wishes in lists])]).astype(np.int64)
    pool = np.array([one for wishes in lists for one in wishes], dtype=np.int64)
    names = [f"H{place}" for place in range(size)]
    groups = {
        group: np.array([place for place in range(size) if group in own[place]], dtype=np.int64)
        for group in sorted(declared.named(rules))
    }
    owner = np.repeat(np.arange(size), np.diff(start))
    fields = declared.fields_of(rules, groups, names, pools, owner, pool)
    is_optimum = mechanism in {"band_optimum", CROSSING}
    band = np.sort(draw(st.lists(st.integers(0, 2 if is_optimum else 0), min_size=size, max_size=size)))
    has_ties = mechanism in {"band_optimum", CROSSING, "leximin_lottery"}
    rises = [[1, *(int(has_ties and draw(st.booleans())) ^ 1 for _ in wishes[1:])] for wishes in lists]
    ranks = [np.cumsum(rise)[: len(wishes)] for rise, wishes in zip(rises, lists, strict=True)]
    instance = Instance(
        household_ids=names,
        band=np.unique(band, return_inverse=True)[1].astype(np.int64),
        pool_ids=pools,
        capacity=np.array(capacity, dtype=np.int64),
        start=start,
        pool=pool,
        rank=np.concatenate(ranks).astype(np.int64),
        extensions=fields,
        groups=groups,
    )
    return instance, rules, own


def plain_verdict(
    instance: Instance,
    rules: dict[str, Any],
    own: list[frozenset[str]],
    assigned: np.ndarray,
    mechanism: str,
    *,
    housing_first: bool = False,
    housed: str | None = None,
    certificate: dict[str, Any] | None = None,
) -> dict[str, Any] | None:
    """The certificate as verify.py recomputes it; None where it finds a fault.

    Where quotas cross, the proofs are those of the ``certificate`` published.
    """
    bundle = plain_bundle(instance, rules, own, assigned)
    bundle.json["commitment.json"] = {"rules": {"housing_first": housing_first}}
    bundle.json["policy/in_force.json"] = {"allocation": {"housed": housed}}
    bundle.json["certificate.json"] = certificate
    try:
        return judges.VERIFIER.fielded_certificate(bundle, judges.VERIFIER.Market(bundle), mechanism)
    except judges.VERIFIER.Fault:
        return None


def plain_lottery(
    instance: Instance,
    rules: dict[str, Any],
    own: list[frozenset[str]],
    solution: dict[str, Any],
    mechanism: str,
) -> dict[str, Any] | None:
    """The certificate of a lottery as verify.py recomputes it from chances, seed and assignment; None for a fault."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    held = [index.get(solution["assignment"][name], -1) for name in instance.household_ids]
    bundle = plain_bundle(instance, rules, own, np.array(held))
    rows = [
        f"{name},{pool},{row[pool]}\n"
        for at, (name, row) in enumerate(solution["chances"].items())
        for pool in (
            instance.pool_ids[one] for one in instance.pool[instance.start[at] : instance.start[at + 1]]
        )
        if pool in row
    ]
    bundle.bytes = {"chances.csv": "".join(["code,pool,chance\n", *rows]).encode()}
    bundle.row_of = {code: row for row, code in enumerate(bundle.codes)}
    bundle.json["draw.json"] = {"seed": solution["options"]["seed"]}
    try:
        return judges.VERIFIER.lottery_certificate(bundle, judges.VERIFIER.Market(bundle), mechanism)
    except judges.VERIFIER.Fault:
        return None


def plain_bundle(
    instance: Instance, rules: dict[str, Any], own: list[frozenset[str]], assigned: np.ndarray
) -> Any:
    """What verify.py would have read of this market and result."""
    bundle = judges.VERIFIER.Bundle(Path())
    kinds = sorted(set(own), key=sorted)
    bundle.codes = list(instance.household_ids)
    bundle.order = list(range(len(own)))
    bundle.bands = instance.band.tolist()
    bundle.pools = list(instance.pool_ids)
    bundle.pool_of = {name: place for place, name in enumerate(instance.pool_ids)}
    bundle.capacity = instance.capacity.tolist()
    bundle.start = array("q", instance.start.tolist())
    bundle.choice_pool = array("q", instance.pool.tolist())
    bundle.choice_rank = array("q", instance.rank.tolist())
    home = instance.extensions.get("current", {})
    bundle.tenants = {
        place: bundle.pool_of[home[name]] for place, name in enumerate(instance.household_ids) if name in home
    }
    bundle.held = {place: pool for place, pool in enumerate(assigned.tolist()) if pool >= 0}
    bundle.kinds, bundle.groups_of_kind = [kinds.index(one) for one in own], kinds
    bundle.json = {"rules.json": json.loads(json.dumps(rules))}
    return bundle
