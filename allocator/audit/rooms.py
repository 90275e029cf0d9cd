"""The law ``rooms``: the split of dormitory rooms fills the most beds, and of those that do it gives F the fewest.

What is published proves the two bounds; it is checked here in exact integers, without solving. That the split
fills as many beds as it says is found anew. The laws of the mechanism are then asked on the capacities it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any, Final

import numpy as np

from allocator.audit.judgement import Bools
from allocator.audit.outcome import compare_figures
from allocator.audit.results import Fault, LawResult
from allocator.audit.rooms_claims import Dormitories, dormitories_of, inequality
from allocator.audit.rooms_seating import most_seated
from allocator.model.canonical import fingerprint
from allocator.model.instance import Instance, Ints

FIELD: Final = "rooms"
HONOURING: Final = frozenset({"serial", "deferred_acceptance", "band_optimum"})
Certify = Callable[[Instance, object], list[LawResult]]
Box = tuple[Ints, Ints]
_KEYS: Final = {"split", "num_filled", "most", "fewest", "sets", "fingerprint"}
_GREATEST: Final = 1 << 53
_MOST_LEAVES: Final = 20_000


class WrongError(Exception):
    """Something the proof does not show; the place in the certificate."""


def is_split(instance: Instance, solution: Mapping[str, Any]) -> bool:
    """Whether the solution is one that has to say how the rooms were split."""
    return (
        FIELD in instance.extensions
        and isinstance(solution.get("mechanism"), str)
        and solution["mechanism"] in HONOURING
    )


def certify_split(instance: Instance, solution: Mapping[str, Any], certify: Certify) -> list[LawResult]:
    """The law ``rooms`` and, where the split can be read, every other law on the capacities it makes."""
    dormitories = dormitories_of(instance)
    certificate = solution.get("certificate")
    certificate = certificate if isinstance(certificate, Mapping) else {}
    try:
        split = _split(dormitories, certificate.get(FIELD))
    except WrongError as wrong:
        return [_law(wrong)]
    settled = _settled(instance, dormitories, split)
    inner = {name: value for name, value in certificate.items() if name != FIELD}
    results = certify(settled, {**solution, "certificate": inner})
    try:
        check_proof(dormitories, split, certificate[FIELD], "certificate.rooms")
        _check_fingerprint(dict(certificate[FIELD]))
        _check_report(instance, dormitories, split, solution, results)
    except WrongError as wrong:
        return [*results, _law(wrong)]
    return [*results, LawResult(FIELD, True)]


def _law(wrong: WrongError) -> LawResult:
    return LawResult(FIELD, False, ({"where": str(wrong)},))


def _settled(instance: Instance, dormitories: Dormitories, split: Ints) -> Instance:
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    capacity = instance.capacity.copy()
    capacity[[index[name] for name in dormitories.names]] = dormitories.places(split)
    fields = {name: value for name, value in instance.extensions.items() if name != FIELD}
    return replace(instance, capacity=capacity, extensions=fields)


def _split(dormitories: Dormitories, figures: object) -> Ints:
    """(K,) rooms for F. Raises ``WrongError`` where no lawful split is stated."""
    if not isinstance(figures, dict) or set(figures) != _KEYS:
        raise WrongError("certificate.rooms")
    stated = figures["split"]
    if not isinstance(stated, dict) or set(stated) != set(dormitories.names):
        raise WrongError("certificate.rooms.split")
    counts = [_count(stated[name], f"certificate.rooms.split.{name}") for name in dormitories.names]
    split = np.array(counts[0::2], dtype=np.int64)
    is_whole = split + np.array(counts[1::2], dtype=np.int64) == dormitories.rooms
    is_within = (dormitories.least <= split) & (split <= dormitories.most)
    for dormitory in np.flatnonzero(~(is_whole & is_within)).tolist():
        raise WrongError(f"certificate.rooms.split.{dormitories.names[2 * dormitory]}")
    return split


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _GREATEST:
        raise WrongError(where)
    return value


def check_proof(dormitories: Dormitories, split: Ints, figures: Mapping[str, Any], where: str) -> None:
    """``num_filled``, ``most``, ``fewest`` and ``sets`` of a split (E,). Raises ``WrongError`` at what is not shown."""
    filled = _count(figures["num_filled"], f"{where}.num_filled")
    if most_seated(*dormitories.kinds, dormitories.places(split)) != filled:
        raise WrongError(f"{where}.num_filled")
    proof = _Proof(dormitories, figures["sets"], where)
    least, most = dormitories.least.copy(), dormitories.most.copy()
    proof.check((least.copy(), most.copy()), figures["most"], filled + 1, f"{where}.most")
    fewest = figures["fewest"]
    above = {dormitories.classes[at] for at in np.flatnonzero(split > dormitories.least).tolist()}
    if not isinstance(fewest, dict) or set(fewest) != above:
        raise WrongError(f"{where}.fewest")
    for kind, units in enumerate(split.tolist()):
        name = dormitories.classes[kind]
        if name in above:
            most[kind] = units - 1
            proof.check((least.copy(), most.copy()), fewest[name], filled, f"{where}.fewest.{name}")
        least[kind] = most[kind] = units
    if len(proof.used) != len(proof.sets):
        raise WrongError(f"{where}.sets")


def _check_fingerprint(figures: dict[str, Any]) -> None:
    where = "certificate.rooms"
    try:
        own = fingerprint({name: value for name, value in figures.items() if name != "fingerprint"})
    except (ValueError, TypeError):
        raise WrongError(where) from None
    if figures["fingerprint"] != own:
        raise WrongError(f"{where}.fingerprint")


class _Proof:
    """Leaves of claims over the sets named once."""

    def __init__(self, dormitories: Dormitories, named: object, where: str) -> None:
        self.dormitories, self.where = dormitories, where
        self.sets = list(self._read_sets(named))
        self.used: set[int] = set()
        self.rows: dict[tuple[int, int, int], tuple[int, list[tuple[int, int]]] | None] = {}

    def _read_sets(self, named: object) -> Iterator[Bools]:
        place = {name: side for side, name in enumerate(self.dormitories.names)}
        if not isinstance(named, list):
            raise WrongError(f"{self.where}.sets")
        for number, names in enumerate(named):
            is_known = isinstance(names, list) and all(isinstance(n, str) and n in place for n in names)
            if not is_known or sorted({place[name] for name in names}) != [place[name] for name in names]:
                raise WrongError(f"{self.where}.sets.{number}")
            sides = np.zeros(len(place), dtype=np.bool_)
            sides[[place[name] for name in names]] = True
            yield sides

    def check(self, box: Box, leaves: object, target: int, where: str) -> None:
        """The leaves part the box, and no split in any of them seats ``target`` households."""
        if not isinstance(leaves, list) or len(leaves) > _MOST_LEAVES:
            raise WrongError(where)
        boxes = []
        for number, leaf in enumerate(leaves):
            at = f"{where}.{number}"
            if not isinstance(leaf, dict) or set(leaf) != {"within", "over", "rows"}:
                raise WrongError(at)
            boxes.append(self._box(box, leaf["within"], at))
            over = _count(leaf["over"], f"{at}.over")
            if over < 1 or self._bound(boxes[-1], over, leaf["rows"], at) >= over * target:
                raise WrongError(at)
        if not _parts(box, boxes):
            raise WrongError(where)

    def _box(self, box: Box, within: object, where: str) -> Box:
        """The leaf's bounds: those of the claim, and narrower ones where it says so."""
        names = self.dormitories.classes
        if not isinstance(within, dict) or not set(within) <= set(names):
            raise WrongError(f"{where}.within")
        least, most = box[0].copy(), box[1].copy()
        for name, bounds in within.items():
            if not isinstance(bounds, list) or len(bounds) != 2:
                raise WrongError(f"{where}.within.{name}")
            low, high = (_count(bound, f"{where}.within.{name}") for bound in bounds)
            kind = names.index(name)
            is_narrower = least[kind] < low or high < most[kind]
            if not (least[kind] <= low <= high <= most[kind] and is_narrower):
                raise WrongError(f"{where}.within.{name}")
            least[kind], most[kind] = low, high
        return least, most

    def _bound(self, box: Box, over: int, rows: object, where: str) -> int:
        """``over`` times the most households the rows leave room for within the box."""
        if not isinstance(rows, list):
            raise WrongError(f"{where}.rows")
        here = self.dormitories
        cover = [0] * len(here.names)
        per_room = [0] * len(here.rooms)
        bound = 0
        for place, entry in enumerate(rows):
            at = f"{where}.rows.{place}"
            if not isinstance(entry, list) or len(entry) != 4:
                raise WrongError(at)
            sides, inner, divisor, times = (_count(number, at) for number in entry)
            row = self._row(sides, inner, divisor, at)
            if times < 1:
                raise WrongError(at)
            for side in np.flatnonzero(self.sets[sides]).tolist():
                cover[side] += times
            bound += times * row[0]
            for kind, weight in row[1]:
                per_room[kind] += times * weight
        rest = np.maximum(over - np.array(cover, dtype=object), 0)
        # Python's own integers: a hostile proof must not overflow.
        beds = here.beds.astype(object)
        bound += int((rest * here.partial).sum()) + int((here.rooms @ beds * rest[1::2]).sum())
        units = (
            int(own) + more for own, more in zip(beds @ (rest[0::2] - rest[1::2]), per_room, strict=True)
        )
        ends = zip(units, box[0].tolist(), box[1].tolist(), strict=True)
        return bound + sum(max(weight * low, weight * high) for weight, low, high in ends)

    def _row(self, sides: int, inner: int, divisor: int, where: str) -> tuple[int, list[tuple[int, int]]]:
        key = (sides, inner, divisor)
        if key not in self.rows:
            if max(sides, inner) >= len(self.sets):
                raise WrongError(where)
            self.rows[key] = inequality(self.dormitories, self.sets[sides], self.sets[inner], divisor)
        row = self.rows[key]
        if row is None:
            raise WrongError(where)
        self.used.update((sides, inner))
        return row


def _parts(box: Box, boxes: list[Box]) -> bool:
    """Whether the boxes, all inside the box, meet nowhere and hold together as many splits as it does."""
    lows = np.array([low for low, _ in boxes], dtype=np.int64).reshape(len(boxes), -1)
    highs = np.array([high for _, high in boxes], dtype=np.int64).reshape(len(boxes), -1)
    for number in range(len(boxes) - 1):
        others = slice(number + 1, None)
        meets = (lows[others] <= highs[number]) & (lows[number] <= highs[others])
        if meets.all(axis=1).any():
            return False
    return sum(_volume(one) for one in boxes) == _volume(box)


def _volume(box: Box) -> int:
    return prod((box[1] - box[0] + 1).tolist())


def _check_report(
    instance: Instance,
    dormitories: Dormitories,
    split: Ints,
    solution: Mapping[str, Any],
    results: list[LawResult],
) -> None:
    """``report.rooms``: the split again, and who lies in which room; the beds where the assignment is lawful."""
    report = solution.get("report")
    stated = report.get(FIELD) if isinstance(report, Mapping) else None
    figures = solution["certificate"][FIELD]
    due: dict[str, Any] = {name: figures[name] for name in ("split", "num_filled")}
    if solution.get("assignment"):
        if not all(result.holds for result in results):
            return
        due["beds"] = _beds(instance, dormitories, split, solution["assignment"])
    try:
        compare_figures("report.rooms", stated, due)
    except Fault as fault:
        raise WrongError(fault.where) from None
    except (ValueError, TypeError, RecursionError):
        raise WrongError("report.rooms") from None


def _beds(
    instance: Instance, dormitories: Dormitories, split: Ints, assignment: Mapping[str, str | None]
) -> dict[str, list[list[str]]]:
    """In the published order: rooms lived in as listed, then the new ones, one after the other."""
    entries = sorted(instance.extensions[FIELD], key=lambda entry: entry["pools"]["F"])
    inside: dict[str | None, list[str]] = {name: [] for name in dormitories.names}
    for household in instance.household_ids:
        if assignment[household] in inside:
            inside[assignment[household]].append(household)
    found = {}
    for entry, women in zip(entries, split.tolist(), strict=True):
        for sex, count in (("F", women), ("M", entry["rooms"] - women)):
            waiting = iter(inside[entry["pools"][sex]])
            sizes = [*entry.get("partial", {}).get(sex, []), *[entry["beds"]] * count]
            rooms = [[one for _, one in zip(range(size), waiting, strict=False)] for size in sizes]
            found[entry["pools"][sex]] = rooms
    return found
