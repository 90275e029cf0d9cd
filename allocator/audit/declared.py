"""Priority, reserves and quotas of a bundle, made afresh from the law, the pools and the groups (``bundle.md``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from allocator.model.instance import Ints

FORMAT: Final = "allocator-rules/1"
PUBLIC: Final = "public"
Document = dict[str, Any]


def is_due(allocation: Mapping[str, Any], sub_round: object) -> bool:
    """Whether the sub-round stands under declared rules: the public one, where the law in force declares any."""
    return sub_round == PUBLIC and any(allocation.get(field) for field in ("priority", "reserves", "quotas"))


def rules_of(
    allocation: Mapping[str, Any],
    pools: Sequence[Mapping[str, Any]],
    projects: Mapping[str, Mapping[str, str]],
    merged: Sequence[str],
) -> Document:
    """``rules.json`` as it must be. ``pools``: rows of pools.csv with a whole ``capacity``, by pool."""
    relative = {group["id"]: group["of_pool"] for group in allocation.get("groups", ())}
    priority: Document = {}
    reserves: list[Document] = []
    quotas: list[Document] = []
    for pool in pools:
        rule = next(
            (one for one in allocation.get("priority", ()) if _names(one["pools"], pool, projects)), None
        )
        if rule is not None:
            tiers = (_here(tier, relative, pool, projects, merged) for tier in rule["tiers"])
            priority[pool["pool"]] = {"tiers": [tier for tier in tiers if tier], "others": rule["others"]}
    for rule in allocation.get("reserves", ()):
        for pool in pools:
            if _names(rule["pools"], pool, projects):
                reserves.extend(
                    _reserves(rule, pool, _here([rule["group"]], relative, pool, projects, merged))
                )
    for rule in allocation.get("quotas", ()):
        counted = [pool for pool in pools if _names(rule["pools"], pool, projects)]
        parts = [[pool] for pool in counted] if rule["over"] == "each" else [counted] if counted else []
        for part in parts:
            groups = _here(rule["groups"], relative, part[0], projects, merged)
            if groups or not rule["groups"]:
                quotas.append(_quota(rule, part, groups))
    return {
        "format": FORMAT,
        "projects": {name: dict(facts) for name, facts in projects.items()},
        "merged": sorted(merged),
        "priority": priority,
        "reserves": reserves,
        "quotas": quotas,
    }


def _names(
    asked: Mapping[str, Any], pool: Mapping[str, Any], projects: Mapping[str, Mapping[str, str]]
) -> bool:
    project = projects[pool["project_id"]]
    found = {
        "modes": project["supply_mode"],
        "projects": pool["project_id"],
        "districts": project["district"],
        "employers": project["employer"],
        "types": pool["dwelling_type"],
    }
    return all(not asked[kind] or value in asked[kind] for kind, value in found.items())


def _here(
    groups: Sequence[str],
    relative: Mapping[str, str | None],
    pool: Mapping[str, Any],
    projects: Mapping[str, Mapping[str, str]],
    merged: Sequence[str],
) -> list[str]:
    """Groups by the names they have at this pool; one relative to an unnamed employer or district stands nowhere."""
    found = []
    for group in groups:
        of_pool = relative[group]
        value = projects[pool["project_id"]][of_pool] if of_pool else None
        name = group if value is None else f"{group}@{value}"
        if value != "" and name not in merged:
            found.append(name)
    return found


def _places(amount: Mapping[str, Any], capacity: int) -> int:
    """Whole places of an amount: a number, or an exact share rounded as the law says."""
    if amount["share"] is None:
        return int(min(amount["places"], capacity))
    above, below = map(int, amount["share"].split("/"))
    down = capacity * above // below
    return down if amount["rounding"] == "down" or capacity * above % below == 0 else down + 1


def _reserves(rule: Mapping[str, Any], pool: Mapping[str, Any], names: Sequence[str]) -> Iterator[Document]:
    places = _places(rule["amount"], pool["capacity"])
    for name in names if places else ():
        yield {
            "id": rule["id"],
            "pool": pool["pool"],
            "group": name,
            "places": places,
            "release": rule["release"],
        }


def _quota(rule: Mapping[str, Any], pools: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> Document:
    each = rule["over"] == "each"
    entry: Document = {
        "id": f"{rule['id']}@{pools[0]['pool']}" if each else rule["id"],
        "pools": [pool["pool"] for pool in pools],
    }
    if groups:
        entry["groups"] = list(groups)
    capacity = sum(pool["capacity"] for pool in pools)
    for bound in ("max", "min", "min_soft"):
        if rule[bound] is not None:
            entry[bound] = _places(rule[bound], capacity)
    return entry


def named(rules: Mapping[str, Any]) -> set[str]:
    """Every group a resolved rule names."""
    found = {name for rule in rules["priority"].values() for tier in rule["tiers"] for name in tier}
    found.update(entry["group"] for entry in rules["reserves"])
    found.update(name for entry in rules["quotas"] for name in entry.get("groups", ()))
    return found


def fields_of(
    rules: Mapping[str, Any],
    groups: Mapping[str, Ints],
    names: Sequence[str],
    pool_ids: Sequence[str],
    owner: Ints,
    pool: Ints,
) -> Document:
    """``Instance.extensions``. ``names`` by position; ``owner`` and ``pool`` of every choice that counts."""
    bounded = {
        bound: [
            entry
            for entry in rules["quotas"]
            if entry.get(bound) is not None and (bound == "max" or entry[bound])
        ]
        for bound in ("max", "min", "min_soft")
    }
    keys = ("pool", "group", "places", "release")
    fields: Document = {
        "priority": dict(_tiers(rules["priority"], groups, names, pool_ids, owner, pool)),
        "reserves": [{key: entry[key] for key in keys} for entry in rules["reserves"]],
        **bounded,
    }
    return {name: found for name, found in fields.items() if found}


def _tiers(
    rules: Mapping[str, Any],
    groups: Mapping[str, Ints],
    names: Sequence[str],
    pool_ids: Sequence[str],
    owner: Ints,
    pool: Ints,
) -> Iterator[tuple[str, list[list[str]]]]:
    """Per pool with priority its tiers, of those who list it: each in the first tier that has a group of its own."""
    along = np.argsort(pool, kind="stable")
    cuts = np.searchsorted(pool[along], np.arange(len(pool_ids) + 1))
    for place, name in enumerate(pool_ids):
        if name not in rules:
            continue
        asking = owner[along[cuts[place] : cuts[place + 1]]]
        tiers: list[list[str]] = []
        is_left = np.ones(len(asking), dtype=np.bool_)
        for tier in rules[name]["tiers"]:
            inside = is_left & np.isin(asking, np.concatenate([groups[one] for one in tier]))
            tiers.append([names[at] for at in asking[inside].tolist()])
            is_left &= ~inside
        if rules[name]["others"]:
            tiers.append([names[at] for at in asking[is_left].tolist()])
        yield name, tiers
