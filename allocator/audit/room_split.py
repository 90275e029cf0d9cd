"""The split of dormitory rooms in a bundle: due or not, as committed to, the one the law asks for, and proved.

Which bed lies in which room is told by the bureau; everything else follows from it and the lists
(``docs/reference/bundle.md``, ``docs/reference/rooms.md``).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from allocator.audit.contents import Contents
from allocator.audit.declared import PUBLIC
from allocator.audit.outcome import compare_figures
from allocator.audit.promises import same, strictly_sorted
from allocator.audit.reading import IN_FORCE, ROOMS_FILES
from allocator.audit.results import Fault
from allocator.audit.rooms import WrongError, check_proof
from allocator.audit.rooms_claims import Dormitories
from allocator.model.canonical import sha256_hex
from allocator.model.instance import Ints

_FORMAT: Final = "allocator-split/1"
_SEXES: Final = ("F", "M")
Unit = tuple[str, str]
Beds = tuple[tuple[str, int], ...]


def check_split(bundle: Contents) -> None:
    """Rooms and split stand exactly where the law asks for a joint one, and are those committed to; then the split."""
    law = bundle.documents[IN_FORCE].get("supply")
    asked = isinstance(law, dict) and law.get("rooms") is not None
    sexes = set(bundle.tables["pools.csv"]["sex"].to_pylist())
    due = asked and bundle.commitment["sub_round"] == PUBLIC and not sexes.isdisjoint(_SEXES)
    for name, key in ROOMS_FILES.items():
        recomputed = sha256_hex(bundle.files[name]) if name in bundle.files else None
        same(f"commitment.json: {key}", bundle.commitment.get(key), recomputed)
        if due != (name in bundle.files):
            raise Fault(name, "audit_missing_file" if due else "audit_unlisted_file")
    if due:
        _check_due(bundle)


def _check_due(bundle: Contents) -> None:
    pairs = _pairs(bundle)
    names = [name for pair in pairs for name in pair]
    side_of = {name: side for side, name in enumerate(names)}
    if len(side_of) < len(names):
        raise Fault("pools.csv", "audit_twice", column="pool")
    settled, units = _units(bundle, side_of)
    classes: dict[Beds, list[tuple[Unit, bool]]] = {}
    for unit in sorted(units):
        sides, is_womens = units[unit]
        beds = sorted((pairs[side // 2][0], count) for side, count in sides.items())
        classes.setdefault(tuple(beds), []).append((unit, is_womens))
    classes = dict(sorted(classes.items()))
    split = [sum(is_womens for _, is_womens in held) for held in classes.values()]
    for count, held in zip(split, classes.values(), strict=True):
        for place, (name, is_womens) in enumerate(held):
            if is_womens != (place < count):
                raise Fault("rooms.csv", "audit_unit_order", project=name[0], unit=name[1])
    figures = bundle.documents["split.json"]
    told = [
        {"beds": dict(beds), "units": len(held), "women": count}
        for (beds, held), count in zip(classes.items(), split, strict=True)
    ]
    stated = {"format": figures.get("format"), "classes": figures.get("classes")}
    compare_figures("split.json", stated, {"format": _FORMAT, "classes": told})
    dormitories = _dormitories(bundle, names, side_of, settled, list(classes), list(classes.values()))
    _check_proof(dormitories, np.array(split, np.int64), figures)


def _check_proof(dormitories: Dormitories, split: Ints, figures: dict[str, Any]) -> None:
    if set(figures) != {"format", "classes", "num_filled", "most", "fewest", "sets"}:
        raise Fault("split.json", "audit_bad_field", field="split.json")
    try:
        check_proof(dormitories, split, figures, "split.json")
    except WrongError as wrong:
        raise Fault(str(wrong), "audit_split_unproved") from None


def _pairs(bundle: Contents) -> list[tuple[str, str]]:
    """The women's and the men's pool of each dormitory (project, type, rent); ``!`` and the other's name for none."""
    table = bundle.tables["pools.csv"]
    columns = [table[name].to_pylist() for name in ("project_id", "dwelling_type", "sex", "pool")]
    found: dict[tuple[str, str, int], dict[str, str]] = {}
    rows = zip(*columns, table["rent_per_m2_fen"].tolist(), strict=True)
    for place, (project, kind, sex, pool, rent) in enumerate(rows):
        if sex not in {"", *_SEXES} or sex in found.setdefault((project, kind, rent), {}):
            raise Fault(f"pools.csv:{place + 2}", "audit_dormitory_twice", pool=pool)
        if sex:
            found[project, kind, rent][sex] = pool
    pairs = [[here.get(sex) for sex in _SEXES] for _, here in sorted(found.items()) if here]
    return [(women or f"!{men}", men or f"!{women}") for women, men in pairs]


def _units(bundle: Contents, side_of: dict[str, int]) -> tuple[Ints, dict[Unit, tuple[dict[int, int], bool]]]:
    """(2 K,) beds settled before; by unit its beds in each side and whether it is for women."""
    rooms, dwellings, pools = (bundle.tables[f"{name}.csv"] for name in ("rooms", "dwellings", "pools"))
    strictly_sorted("rooms.csv", "dwelling_id", rooms["dwelling_id"])
    pool_of = dict(zip(dwellings["dwelling_id"].to_pylist(), dwellings["pool"].to_pylist(), strict=True))
    project_of = dict(zip(pools["pool"].to_pylist(), pools["project_id"].to_pylist(), strict=True))
    num_beds = sum(pool in side_of for pool in pool_of.values())
    same("rooms.csv", bundle.rows("rooms.csv"), num_beds)
    settled = np.zeros(len(side_of), np.int64)
    units: dict[Unit, tuple[dict[int, int], bool]] = {}
    told = zip(rooms["dwelling_id"].to_pylist(), rooms["unit"].to_pylist(), strict=True)
    for place, (dwelling, unit) in enumerate(told):
        where, pool = f"rooms.csv:{place + 2}", pool_of.get(dwelling)
        if pool not in side_of:
            raise Fault(where, "audit_unknown_name", column="dwelling_id", value=dwelling)
        side = side_of[pool]
        if unit == "":
            settled[side] += 1
            continue
        sides, is_womens = units.setdefault((project_of[pool], unit), ({}, side % 2 == 0))
        if is_womens != (side % 2 == 0):
            raise Fault(where, "audit_unit_of_two_sexes", project=project_of[pool], unit=unit)
        sides[side] = sides.get(side, 0) + 1
    return settled, units


def _dormitories(
    bundle: Contents,
    names: list[str],
    side_of: dict[str, int],
    settled: Ints,
    classes: list[Beds],
    held: list[list[tuple[Unit, bool]]],
) -> Dormitories:
    """The question the proof answers. Lists as committed to: who left since counts, too."""
    beds = np.zeros((len(classes), len(names) // 2), np.int64)
    for place, key in enumerate(classes):
        for name, count in key:
            beds[place, side_of[name] // 2] = count
    rooms = np.array([len(units) for units in held], np.int64)
    side = np.array([side_of.get(name, -1) for name in bundle.pools.to_pylist()], np.int64)
    listed = side[bundle.preference_pools]
    counts = (listed >= 0) & _admitted(bundle)
    numbers = [str(number) for number in range(len(classes))]
    return Dormitories(
        names,
        numbers,
        rooms,
        beds,
        settled,
        np.zeros_like(rooms),
        rooms.copy(),
        bundle.preference_rows[counts],
        listed[counts],
    )


def _admitted(bundle: Contents) -> npt.NDArray[np.bool_]:
    """Which choices their pool's priority admits."""
    found = np.ones(len(bundle.preference_rows), dtype=np.bool_)
    rules = bundle.documents.get("rules.json", {"priority": {}})["priority"]
    strict = {name: rule for name, rule in rules.items() if not rule["others"]}
    if not strict:
        return found
    member = bundle.known("groups.csv", "code", bundle.codes)
    group = np.array(bundle.tables["groups.csv"]["group"].to_pylist(), dtype=object)
    for place, name in enumerate(bundle.pools.to_pylist()):
        if name in strict:
            groups = [one for tier in strict[name]["tiers"] for one in tier]
            here = bundle.preference_pools == place
            inside = member[np.isin(group.astype(str), groups)]
            found[here] = np.isin(bundle.preference_rows[here], inside)
    return found
