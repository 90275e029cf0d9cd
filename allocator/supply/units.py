"""What goes to one sex whole: dormitory rooms, and the floors and buildings that the law declares to be of one sex."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.model.enums import DwellingKind, Sex
from allocator.model.lookups import is_among
from allocator.policy.model import OneSexRule, RoomRules
from allocator.supply.stock import sex_of_rooms

ROOM, FLOOR, BUILDING = "room:", "floor:", "building"
_SEXES = (str(Sex.FEMALE), str(Sex.MALE))


def with_units(
    stock: pd.DataFrame, dwellings: pd.DataFrame, occupied: pd.DataFrame, rules: RoomRules | None
) -> pd.DataFrame:
    """The open stock (``stock.open_stock``) with ``unit``: inside its project, what the bed's sex is settled with.

    ``room:`` and the room, ``floor:`` and the floor, or ``building``; empty for flats and where the sex is settled
    already: somebody of one sex lives in the unit, or a room of it is delivered for that sex. The bed then has that
    ``sex``. Where both sexes live in a floor or building, the law comes too late for it: its rooms are told apart.
    ``dwellings``: all of the facts, those lived in too; ``occupied``: ``dwelling_id, sex``.
    """
    is_bed = (stock["kind"] == DwellingKind.BED).to_numpy(dtype=bool)
    if not is_bed.any():
        return stock.assign(unit=pd.Series("", index=stock.index, dtype="str"))
    one_sex = () if rules is None else rules.one_sex
    units = _declared_units(stock, one_sex)
    known = dwellings[dwellings["kind"] == DwellingKind.BED]
    known = known.merge(stock[["project_id", "supply_mode"]].drop_duplicates(), on="project_id")
    known = known.assign(unit=_declared_units(known, one_sex), sex=sex_of_rooms(known, occupied))
    is_female, is_male = (_has(stock, units, known[known["sex"] == sex]) for sex in _SEXES)
    is_mixed = is_bed & is_female & is_male
    alone = np.where(is_female, _SEXES[0], _SEXES[1])
    own = stock["sex"].to_numpy(dtype=object)
    is_settled = ~is_mixed & (is_female | is_male)
    sex = np.where(is_bed & is_settled, alone, own)
    units = np.where(is_mixed, (ROOM + stock["room_id"].fillna("")).to_numpy(dtype=object), units)
    units = np.where(is_bed & (sex == ""), units, "")
    return stock.assign(sex=pd.Series(sex, dtype="str"), unit=pd.Series(units, dtype="str"))


def _declared_units(beds: pd.DataFrame, rules: tuple[OneSexRule, ...]) -> np.ndarray:
    """(n,) the unit of each bed by the first rule that names its project; rooms without one."""
    units = (ROOM + beds["room_id"].fillna("").astype("str")).to_numpy(dtype=object)
    floors = (FLOOR + beds["floor"].astype("str")).to_numpy(dtype=object)
    is_left = np.ones(len(beds), dtype=bool)
    for rule in rules:
        named = np.ones(len(beds), dtype=bool)
        if rule.modes:
            named &= is_among(beds["supply_mode"], [str(mode) for mode in rule.modes])
        if rule.projects:
            named &= is_among(beds["project_id"], list(rule.projects))
        named &= is_left
        units = np.where(named, floors if rule.unit == "floor" else BUILDING, units)
        is_left &= ~named
    return units


def _has(stock: pd.DataFrame, units: np.ndarray, there: pd.DataFrame) -> np.ndarray:
    """(n,) whether the unit of each bed is among the units of these."""
    of_stock = pd.MultiIndex.from_arrays([stock["project_id"].astype(object), units])
    found = pd.MultiIndex.from_arrays([there["project_id"].astype(object), there["unit"].astype(object)])
    return np.asarray(of_stock.isin(found), dtype=bool)


def settled(stock: pd.DataFrame, sexes: pd.Series) -> pd.DataFrame:
    """The stock with the sex of some beds told (``sexes``: by dwelling id): their whole units follow, here and later."""
    told = stock["dwelling_id"].map(sexes).fillna("")
    keys = [stock["project_id"], stock["unit"]]
    of_unit = told.groupby(keys).transform("max")
    follows = (stock["unit"] != "") & (of_unit != "")
    return stock.assign(sex=stock["sex"].mask(follows, of_unit), unit=stock["unit"].mask(follows, ""))
