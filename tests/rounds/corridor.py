"""A whole month through the pure corridor, and the same month re-run with one household moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.model.facts import Facts
from allocator.model.instance import UNASSIGNED, Instance
from allocator.policy import load
from allocator.policy.in_force import Policy
from allocator.ranking.draw import order_of
from allocator.rounds import allocation, freeze
from allocator.rounds.allocation import Allocation
from allocator.rounds.freeze import SubRound
from allocator.rounds.reasons import reasons
from allocator.rounds.screened import Screened, screen

MONTH = "2026-03"
DAY = date(2026, 3, 2)
SEED = "17" * 32
NO_STANDINGS = pd.DataFrame(
    {
        "receipt_no": pd.Series(dtype="str"),
        "state": pd.Series(dtype="str"),
        "num_waivers": pd.Series(dtype="int64"),
    }
)
NOBODY_LIVES = pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})


@dataclass(frozen=True, eq=False)
class Played:
    """One sub-round as it was decided. ``told``: one row of reasons per household, in published order."""

    frozen: SubRound
    order: pd.DataFrame
    removed: set[str]
    done: Allocation
    told: pd.DataFrame
    instance: Instance
    policy: Policy

    def rerun(self, instance: Instance) -> np.ndarray:
        """Pool index of each household of an instance under the policy's own mechanism."""
        rules = self.policy.allocation
        solution = mechanisms.solve(instance, rules.mechanism, housing_first=rules.housing_first)
        return solution.matching.assigned

    def pool_names(self, assigned: np.ndarray) -> list[str]:
        """Names of pools, empty for none."""
        names = self.instance.pool_ids
        return ["" if pool == UNASSIGNED else names[pool] for pool in assigned]


def law_of(name: str, **changes: object) -> Policy:
    """A shipped law on the day of the screening; ``changes`` of its allocation rules."""
    policy = load(name).in_force(DAY)
    return policy.model_copy(update={"allocation": policy.allocation.model_copy(update=changes)})


def screened(facts: Facts, policy: Policy) -> Screened:
    """Everybody screened, nobody with a history."""
    return screen(facts, policy, DAY, NO_STANDINGS)


def play(facts: Facts, policy: Policy) -> list[Played]:
    """Every sub-round in turn; who is housed in one keeps its position in the next with an empty list."""
    people = screened(facts, policy).people
    gone: set[str] = set()
    played = []
    for frozen in freeze.sub_rounds(facts, people, policy, MONTH, DAY, NOBODY_LIVES):
        roster = frozen.roster
        order = order_of(roster[["code", "band", "points"]], SEED)
        removed = set(roster.loc[roster["receipt_no"].isin(gone), "code"])
        done = allocation.allocate(frozen, order, removed, policy.allocation, SEED)
        removals = pd.Series(sorted(removed), dtype="str")
        told = reasons(order, frozen.preferences, removals, done.result, done.certificate, frozen.declared)
        gone |= set(roster.loc[roster["code"].isin(done.result["code"]), "receipt_no"])
        instance = allocation.instance_in_order(frozen, order, removed)
        played.append(Played(frozen, order, removed, done, told, instance, policy))
    return played


def moved(instance: Instance, old: int, new: int, *, band: int | None = None) -> Instance:
    """The household at ``old`` stands at ``new`` (both from 0), who stood between one place behind.

    It takes the band of that place (``band``: or this one), everybody else keeps the own one.
    """
    rows = np.insert(np.delete(np.arange(instance.num_households), old), new, old)
    bands = instance.band[rows].copy()
    bands[new] = instance.band[old] if band is None else band
    return _taken(instance, rows, np.unique(bands, return_inverse=True)[1].astype(np.int64))


def _taken(instance: Instance, rows: np.ndarray, bands: np.ndarray) -> Instance:
    sizes = np.diff(instance.start)[rows]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    choice = np.arange(start[-1]) + np.repeat(instance.start[:-1][rows] - start[:-1], sizes)
    return replace(
        instance,
        household_ids=[instance.household_ids[row] for row in rows],
        band=bands,
        start=start,
        pool=instance.pool[choice].copy(),
        rank=instance.rank[choice].copy(),
    )


def with_last_choice(instance: Instance, household: int, pool: str) -> Instance:
    """The household lists one pool more, behind all others."""
    at = int(instance.start[household + 1])
    own = instance.rank[instance.start[household] : at]
    start = instance.start.copy()
    start[household + 1 :] += 1
    return replace(
        instance,
        start=start,
        pool=np.insert(instance.pool, at, list(instance.pool_ids).index(pool)),
        rank=np.insert(instance.rank, at, (own[-1] if len(own) else 0) + 1),
    )
