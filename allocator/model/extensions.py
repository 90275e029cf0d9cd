"""The optional fields of ``allocator-instance/1``: checked strictly, kept as they are for who honours them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allocator.model.checking import Faults

_BOUNDS: Final = ("min", "max", "min_soft")
_SEXES: Final = ("F", "M")


def read_extensions(
    document: Mapping[str, Any], capacity: Mapping[str, int | None], households: set[str], faults: Faults
) -> dict[str, Any]:
    """The fields present and not trivial, by the names of ``instance.EXTENSION_FIELDS``.

    Trivial, and left out: an empty list, a minimum of 0, a reserve of 0 places.
    """
    quotas = _quotas(document.get("quotas", []), capacity, faults)
    fields: dict[str, Any] = {
        "priority": _priority(document.get("pools", []), households, faults),
        "current": _current(document.get("households", []), capacity, faults),
        "reserves": _reserves(document.get("reserves", []), capacity, faults),
        "max": [quota for quota in quotas if "max" in quota],
        "min": [quota for quota in quotas if quota.get("min")],
        "min_soft": [quota for quota in quotas if quota.get("min_soft")],
        "rooms": _rooms(document.get("rooms", []), document.get("pools", []), capacity, faults),
    }
    return {name: found for name, found in fields.items() if found}


def _records(value: object) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a list whose other entries are faults noted elsewhere."""
    entries = value if isinstance(value, list) else []
    return [(number, entry) for number, entry in enumerate(entries) if isinstance(entry, dict)]


def _priority(pools: object, households: set[str], faults: Faults) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for number, pool in _records(pools):
        if "priority" not in pool:
            continue
        path = f"pools[{number}].priority"
        seen: set[str] = set()
        for level, tier in enumerate(faults.entries(pool["priority"], path)):
            for place, name in enumerate(faults.entries(tier, f"{path}[{level}]")):
                where = f"{path}[{level}][{place}]"
                if faults.known(name, where, households, "document_household_unknown") is None:
                    continue
                if name in seen:
                    faults.add("document_household_twice", where, name)
                seen.add(name)
        found[str(pool.get("id"))] = pool["priority"]
    return found


def _current(households: object, capacity: Mapping[str, int | None], faults: Faults) -> dict[str, str]:
    """Sitting tenants; the ``groups`` of households are checked on the way."""
    found: dict[str, str] = {}
    for number, household in _records(households):
        path = f"households[{number}]"
        if "groups" in household:
            _texts(household["groups"], f"{path}.groups", faults)
        if "current" in household:
            pool = faults.known(household["current"], f"{path}.current", capacity, "document_pool_unknown")
            found[str(household.get("id"))] = pool or ""
    return found


def _texts(value: object, path: str, faults: Faults) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(faults.entries(value, path)):
        text = faults.text(entry, f"{path}[{place}]")
        if text is not None and text in seen:
            faults.add("document_group_twice", f"{path}[{place}]", text)
        seen.add(text or "")


def _pools(value: object, path: str, capacity: Mapping[str, int | None], faults: Faults) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(faults.entries(value, path)):
        pool = faults.known(entry, f"{path}[{place}]", capacity, "document_pool_unknown")
        if pool is not None and pool in seen:
            faults.add("document_pool_twice", f"{path}[{place}]", pool)
        seen.add(pool or "")


def _quotas(value: object, capacity: Mapping[str, int | None], faults: Faults) -> list[dict[str, Any]]:
    found = []
    first: dict[str, int] = {}
    for number, entry in enumerate(faults.entries(value, "quotas")):
        path = f"quotas[{number}]"
        quota = faults.record(entry, path, ("id", "pools"), ("groups", *_BOUNDS))
        if quota is None:
            continue
        name = faults.text(quota["id"], f"{path}.id") if "id" in quota else None
        if name is not None and name in first:
            faults.add("document_id_twice", f"{path}.id", name, first=f"quotas[{first[name]}].id")
        first.setdefault(name or "", number)
        _pools(quota.get("pools", []), f"{path}.pools", capacity, faults)
        if "groups" in quota:
            _texts(quota["groups"], f"{path}.groups", faults)
        _check_bounds(quota, path, faults)
        found.append(quota)
    return found


def _check_bounds(quota: Mapping[str, Any], path: str, faults: Faults) -> None:
    bounds = {name: faults.integer(quota[name], f"{path}.{name}", 0) for name in _BOUNDS if name in quota}
    least, most = bounds.get("min"), bounds.get("max")
    if least is not None and most is not None and least > most:
        faults.add("document_bounds_crossed", f"{path}.min", least, max=most)


def _reserves(value: object, capacity: Mapping[str, int | None], faults: Faults) -> list[dict[str, Any]]:
    found = []
    for number, entry in enumerate(faults.entries(value, "reserves")):
        path = f"reserves[{number}]"
        reserve = faults.record(entry, path, ("pool", "group", "places"), ("release",))
        if reserve is None:
            continue
        if "pool" in reserve:
            faults.known(reserve["pool"], f"{path}.pool", capacity, "document_pool_unknown")
        if "group" in reserve:
            faults.text(reserve["group"], f"{path}.group")
        if "release" in reserve and not isinstance(reserve["release"], bool):
            faults.add("document_yes_no_wrong", f"{path}.release", reserve["release"])
        if "places" in reserve and faults.integer(reserve["places"], f"{path}.places", 0):
            found.append(reserve)
    return found


def _rooms(
    value: object, pools: object, capacity: Mapping[str, int | None], faults: Faults
) -> list[dict[str, Any]]:
    """Rooms to be given to one sex each; their pools carry no capacity and every other pool does."""
    found = []
    of_rooms: set[str] = set()
    for number, entry in enumerate(faults.entries(value, "rooms")):
        path = f"rooms[{number}]"
        rooms = faults.record(entry, path, ("pools", "rooms", "beds"), ("partial",))
        if rooms is None:
            continue
        for sex, pool in _by_sex(rooms.get("pools", {}), f"{path}.pools", faults, is_needed=True).items():
            name = faults.known(pool, f"{path}.pools.{sex}", capacity, "document_pool_unknown")
            if name is not None and name in of_rooms:
                faults.add("document_pool_twice", f"{path}.pools.{sex}", name)
            of_rooms.add(name or "")
        for key, least in (("rooms", 0), ("beds", 1)):
            if key in rooms:
                faults.integer(rooms[key], f"{path}.{key}", least)
        for sex, free in _by_sex(rooms.get("partial", {}), f"{path}.partial", faults).items():
            for place, beds in enumerate(faults.entries(free, f"{path}.partial.{sex}")):
                faults.integer(beds, f"{path}.partial.{sex}[{place}]", 0)
        found.append(rooms)
    _check_capacities(pools, of_rooms, faults)
    return found


def _by_sex(value: object, path: str, faults: Faults, *, is_needed: bool = False) -> dict[str, Any]:
    needed, others = (_SEXES, ()) if is_needed else ((), _SEXES)
    record = faults.record(value, path, needed, others) or {}
    return {sex: record[sex] for sex in _SEXES if sex in record}


def _check_capacities(pools: object, of_rooms: set[str], faults: Faults) -> None:
    for number, pool in _records(pools):
        has_capacity, is_of_rooms = "capacity" in pool, pool.get("id") in of_rooms
        if has_capacity and is_of_rooms:
            faults.add("document_room_capacity", f"pools[{number}].capacity", pool["capacity"])
        if not has_capacity and not is_of_rooms:
            faults.add("document_key_missing", f"pools[{number}].capacity", "", key="capacity")
