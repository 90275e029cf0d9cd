"""Declared groups, priority, reserves and quotas, resolved into the pools and households of one month.

The resolved rules are public: whoever holds the policy, the pools and the projects' public facts makes the same
document from them (``docs/reference/bundle.md``). Who is in a group is frozen and committed to beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.errors import Refused
from allocator.model.facts import Facts
from allocator.model.instance import Ints
from allocator.model.lookups import is_among, positions_among
from allocator.policy.allocating import HouseholdGroup, PoolsNamed, QuotaRule
from allocator.policy.in_force import Policy
from allocator.policy.model import AllocationRules

FORMAT: Final = "allocator-rules/1"
LEAST_CELL: Final = 10
Bools = npt.NDArray[np.bool_]
Document = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Declared:
    """What is frozen of the declared rules: ``groups`` (``code, group``, a row per membership, by both) and ``rules.json``."""

    groups: pd.DataFrame
    document: Document


def declared_of(
    people: pd.DataFrame, roster: pd.DataFrame, pools: pd.DataFrame, facts: Facts, policy: Policy
) -> Declared:
    """Resolve the policy's rules for a sub-round.

    ``people``: the screened columns of those on the roster; ``roster``: their ``code`` by ``receipt_no``. Groups that
    would leave a cell of one to nine households in the bundle are merged (``docs/decisions/groups-in-the-bundle.md``).
    Raises ``Refused`` where such a group must not be.
    """
    rules = policy.allocation
    full = resolved(rules, pools, facts.projects, ())
    names = _named(full)
    member = _members(people, facts, policy, names)
    merged = _merged(member, names, {group.id: group for group in rules.groups})
    document = resolved(rules, pools, facts.projects, merged)
    kept = _named(document)
    code_of = roster.set_index("receipt_no")["code"]
    codes = people["receipt_no"].map(code_of).to_numpy(dtype=object)
    at, group = np.nonzero(member[:, [names.index(name) for name in kept]])
    frame = pd.DataFrame({"code": codes[at], "group": np.array(kept, dtype=object)[group]}).astype("str")
    return Declared(frame.sort_values(["code", "group"], kind="stable").reset_index(drop=True), document)


def resolved(
    rules: AllocationRules, pools: pd.DataFrame, projects: pd.DataFrame, merged: Sequence[str]
) -> Document:
    """``rules.json``: the rules for these pools (``pool, project_id, dwelling_type, capacity``, by pool).

    ``merged``: groups of this month that count among all the others, by the names they have here.
    """
    known = _projects(projects, pools)
    rows = [
        _Pool(
            str(row.pool),
            known[str(row.project_id)],
            str(row.project_id),
            str(row.dwelling_type),
            int(row.capacity),
        )
        for row in pools.itertuples()
    ]
    relative = {group.id: group.of_pool for group in rules.groups}
    here = _Here(relative, frozenset(merged))
    priority: Document = {}
    for pool in rows:
        rule = next((one for one in rules.priority if pool.fits(one.pools)), None)
        if rule is not None:
            tiers = [here.names(tier, pool) for tier in rule.tiers]
            priority[pool.name] = {"tiers": [tier for tier in tiers if tier], "others": rule.others}
    reserves = []
    for reserve in rules.reserves:
        for pool in (one for one in rows if one.fits(reserve.pools)):
            places = reserve.amount.of(pool.capacity)
            reserves += [
                {
                    "id": reserve.id,
                    "pool": pool.name,
                    "group": name,
                    "places": places,
                    "release": reserve.release,
                }
                for name in here.names((reserve.group,), pool)
                if places
            ]
    quotas = [entry for quota in rules.quotas for entry in _quotas(quota, rows, here)]
    return {
        "format": FORMAT,
        "projects": known,
        "merged": sorted(merged),
        "priority": priority,
        "reserves": reserves,
        "quotas": quotas,
    }


@dataclass(frozen=True)
class _Pool:
    name: str
    project: Mapping[str, str]
    project_id: str
    dwelling_type: str
    capacity: int

    def fits(self, named: PoolsNamed) -> bool:
        """Every condition given, by any of its values."""
        asked = (
            (named.modes, self.project["supply_mode"]),
            (named.projects, self.project_id),
            (named.districts, self.project["district"]),
            (named.employers, self.project["employer"]),
            (named.types, self.dwelling_type),
        )
        return all(not values or value in values for values, value in asked)


@dataclass(frozen=True)
class _Here:
    """Names of groups at a pool: a group relative to the pool carries its employer or district behind ``@``."""

    relative: Mapping[str, str | None]
    merged: frozenset[str]

    def names(self, groups: Sequence[str], pool: _Pool) -> list[str]:
        """The groups that stand at this pool, in the order given."""
        found = []
        for group in groups:
            of_pool = self.relative[group]
            name = group if of_pool is None else f"{group}@{pool.project[of_pool]}"
            if not name.endswith("@") and name not in self.merged:
                found.append(name)
        return found


def _quotas(quota: QuotaRule, rows: Sequence[_Pool], here: _Here) -> Iterator[Document]:
    """One entry for each pool, named ``id@pool``, or one for all together."""
    pools = [pool for pool in rows if pool.fits(quota.pools)]
    each = quota.over == "each"
    for part in ([pool] for pool in pools) if each else ([pools] if pools else []):
        groups = here.names(quota.groups, part[0])
        if quota.groups and not groups:
            continue
        capacity = sum(pool.capacity for pool in part)
        amounts = {"max": quota.max, "min": quota.min, "min_soft": quota.min_soft}
        entry: Document = {
            "id": f"{quota.id}@{part[0].name}" if each else quota.id,
            "pools": [pool.name for pool in part],
        }
        if groups:
            entry["groups"] = groups
        yield entry | {name: amount.of(capacity) for name, amount in amounts.items() if amount is not None}


def _projects(projects: pd.DataFrame, pools: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The public facts of the pools' projects by project."""
    own = projects[is_among(projects["project_id"], pools["project_id"])].sort_values("project_id")
    columns = {"district": "district", "employer": "operator_id", "supply_mode": "supply_mode"}
    texts = {name: own[column].fillna("").astype(str).tolist() for name, column in columns.items()}
    rows = zip(*texts.values(), strict=True)
    return {
        project: dict(zip(texts, row, strict=True))
        for project, row in zip(own["project_id"].astype(str).tolist(), rows, strict=True)
    }


def _named(document: Document) -> list[str]:
    """Every group that a resolved rule names, sorted."""
    names = {name for entry in document["priority"].values() for tier in entry["tiers"] for name in tier}
    names |= {entry["group"] for entry in document["reserves"]}
    names |= {name for entry in document["quotas"] for name in entry.get("groups", ())}
    return sorted(names)


def _members(people: pd.DataFrame, facts: Facts, policy: Policy, names: Sequence[str]) -> Bools:
    """(n, groups): who is in each group, by public attributes alone."""
    households = facts.households.set_index("receipt_no").reindex(people["receipt_no"])
    group_ids = [group.id for group in policy.ranking.groups]
    place = people["priority_group"].to_numpy(dtype=np.int64)
    columns = {
        "branches": people["branch"].to_numpy(dtype=object),
        "employers": people["employer_id"].to_numpy(dtype=object),
        "registrations": households["household_registration"].fillna("").to_numpy(dtype=object),
        "districts": households["district"].fillna("").to_numpy(dtype=object),
        # Who fits no priority group stands behind them all.
        "priority_groups": np.array([*group_ids, ""], dtype=object)[place],
    }
    by_id = {group.id: group for group in policy.allocation.groups}
    member = np.zeros((len(people), len(names)), dtype=np.bool_)
    for at, name in enumerate(names):
        group_id, _, value = name.partition("@")
        member[:, at] = _fits(by_id[group_id], columns, value)
    return member


def _fits(group: HouseholdGroup, columns: Mapping[str, np.ndarray], value: str) -> Bools:
    fits = np.ones(len(columns["branches"]), dtype=np.bool_)
    for name, column in columns.items():
        values = [str(one) for one in getattr(group, name)]
        if values:
            fits &= is_among(pd.Series(column, dtype="str"), values)
    if group.of_pool is not None:
        fits &= columns["employers" if group.of_pool == "employer" else "districts"] == value
    return fits


def _merged(member: Bools, names: Sequence[str], by_id: Mapping[str, HouseholdGroup]) -> list[str]:
    """Names of the groups to merge so that no cell (households of the same groups) counts one to nine.

    The smallest group goes first whose leaving unites a small cell with another; equals by name. Whole groups go, never
    single members: equals keep equal rights.
    """
    refusing = [by_id[name.partition("@")[0]].when_small == "refuse" for name in names]
    size = member.sum(axis=0)
    is_small = (size > 0) & (size < LEAST_CELL)
    out = np.flatnonzero(is_small).tolist()
    is_kept = ~is_small
    rows, counts = _cells(member, np.ones(len(member), dtype=np.int64), is_kept)
    while (counts < LEAST_CELL).any() and (is_kept & (size > 0)).any():
        small = rows[int(np.argmin(counts))]
        candidates = _uniting(small, rows, is_kept) or np.flatnonzero(is_kept & (size > 0)).tolist()
        out.append(min(candidates, key=lambda at: (refusing[at], size[at], names[at])))
        is_kept[out[-1]] = False
        rows, counts = _cells(rows, counts, is_kept)
    for at in out:
        if refusing[at]:
            raise Refused("group_too_small", group=names[at], least=LEAST_CELL)
    return [names[at] for at in out]


def admitted(
    people: pd.DataFrame, pools: pd.DataFrame, lists: pd.DataFrame, facts: Facts, policy: Policy
) -> Bools:
    """Which choices (``household``, ``pool``: rows of people and pools) their pool's priority admits.

    Asked before capacities are known. Groups of a rule that keeps others out are never merged, so it hangs on none.
    """
    found = np.ones(len(lists), dtype=np.bool_)
    rules = resolved(policy.allocation, pools, facts.projects, ())["priority"]
    strict = {name: rule for name, rule in rules.items() if not rule["others"]}
    if not strict:
        return found
    names = sorted({name for rule in strict.values() for tier in rule["tiers"] for name in tier})
    member = _members(people, facts, policy, names)
    household, pool = lists["household"].to_numpy(), lists["pool"].to_numpy()
    for place, name in enumerate(pools["pool"]):
        if name in strict:
            inside = [names.index(group) for tier in strict[name]["tiers"] for group in tier]
            here = pool == place
            found[here] = member[household[here]][:, inside].any(axis=1)
    return found


def _cells(member: Bools, counts: Ints, is_kept: Bools) -> tuple[Bools, Ints]:
    """Distinct rows of memberships, with how many households have them."""
    if not len(member) or not member.shape[1]:
        return member[:0], counts[:0]
    packed = np.packbits(member & is_kept, axis=1)
    found, inverse = np.unique(packed, axis=0, return_inverse=True)
    rows = np.unpackbits(found, axis=1, count=member.shape[1]).astype(np.bool_)
    return rows, np.bincount(inverse.reshape(-1), weights=counts).astype(np.int64)


def _uniting(small: Bools, rows: Bools, is_kept: Bools) -> list[int]:
    """Groups without which the small cell would be one with another."""
    differs = rows != small
    one_apart = differs[differs.sum(axis=1) == 1]
    return [int(at) for at in np.unique(one_apart.nonzero()[1]) if is_kept[at]]


def extensions_of(
    declared: Declared, codes: pd.Series, households: Ints, pool: Ints, pool_names: Sequence[str]
) -> tuple[Document, dict[str, Ints]]:
    """``Instance.extensions`` and ``Instance.groups`` in the published order.

    ``codes``: by position; ``households`` and ``pool``: position and pool index of every choice that counts. Tiers name
    only those who list the pool.
    """
    at = positions_among(declared.groups["code"], codes)
    name = declared.groups["group"].to_numpy(dtype=object)
    groups = {group: np.sort(at[name == group]) for group in _named(declared.document)}
    document = declared.document
    extensions: Document = {
        "priority": _priority(document["priority"], groups, codes, households, pool, pool_names),
        "reserves": [
            {key: entry[key] for key in ("pool", "group", "places", "release")}
            for entry in document["reserves"]
        ],
        "max": [entry for entry in document["quotas"] if "max" in entry],
        "min": [entry for entry in document["quotas"] if entry.get("min")],
        "min_soft": [entry for entry in document["quotas"] if entry.get("min_soft")],
    }
    return {field: found for field, found in extensions.items() if found}, groups


def _priority(
    rules: Document,
    groups: Mapping[str, Ints],
    codes: pd.Series,
    households: Ints,
    pool: Ints,
    pool_names: Sequence[str],
) -> Document:
    names = codes.to_numpy(dtype=object)
    by_pool = np.argsort(pool, kind="stable")
    levels: dict[str, Ints] = {}
    found: Document = {}
    for place, pool_name in enumerate(pool_names):
        rule = rules.get(pool_name)
        if rule is None:
            continue
        key = repr(rule)
        if key not in levels:
            levels[key] = _levels(rule, groups, len(names))
        low, high = np.searchsorted(pool[by_pool], (place, place + 1))
        asking = households[by_pool[low:high]]
        level = levels[key][asking]
        num_tiers = len(rule["tiers"]) + int(rule["others"])
        found[pool_name] = [names[asking[level == tier]].tolist() for tier in range(num_tiers)]
    return found


def _levels(rule: Document, groups: Mapping[str, Ints], num_households: int) -> Ints:
    """(n,) the first tier that has a group of the household; behind them the others, or -1: not admitted."""
    tiers = rule["tiers"]
    level = np.full(num_households, len(tiers) if rule["others"] else -1, dtype=np.int64)
    for tier in reversed(range(len(tiers))):
        for name in tiers[tier]:
            level[groups[name]] = tier
    return level
