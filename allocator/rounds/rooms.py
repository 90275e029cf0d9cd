"""The joint split of empty dormitory rooms in a round: before the seed, from the lists, with its proof.

One whole number per class of units (``supply/units.py``), over all dormitories and lists of a sub-round together
(``docs/reference/rooms.md``). What is published of it stands in ``docs/reference/bundle.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator import mechanisms
from allocator.errors import NoAllocation
from allocator.model.enums import Sex
from allocator.model.instance import Ints
from allocator.model.lookups import order_by_text, positions_among
from allocator.supply import pools as pool_rules

FORMAT: Final = "allocator-split/1"
_FEMALE, _MALE = str(Sex.FEMALE), str(Sex.MALE)
_DORMITORY: Final = ["project_id", "dwelling_type", "rent_per_m2_fen"]
Document = dict[str, Any]
Unit = tuple[str, str]  # project and unit
Beds = tuple[tuple[str, int], ...]  # women's pools and how many beds there


@dataclass(frozen=True, eq=False)
class RoomSplit:
    """What is frozen of the split: ``beds`` (``dwelling_id, room_id, unit``, by dwelling) and ``split.json``."""

    beds: pd.DataFrame
    document: Document


def pools_before(stock: pd.DataFrame) -> pd.DataFrame:
    """The pools while the sex of some beds is open: each of these in both, counted once, with the men's."""
    is_open = stock["unit"] != ""
    as_men = pool_rules.with_pool_names(stock.assign(sex=stock["sex"].mask(is_open, _MALE)))
    if not is_open.any():
        return pool_rules.pools_of(as_men)
    as_women = pool_rules.with_pool_names(stock[is_open].assign(sex=_FEMALE))
    pools = pool_rules.pools_of(pd.concat([as_men, as_women], ignore_index=True))
    return with_capacities(pools, as_men)


def with_capacities(pools: pd.DataFrame, stock: pd.DataFrame) -> pd.DataFrame:
    """The pools with the dwellings of the stock (``pool``) counted; a pool without any stays, with none."""
    counts = stock["pool"].value_counts()
    return pools.assign(capacity=pools["pool"].map(counts).fillna(0).astype("int64"))


def split_rooms(
    stock: pd.DataFrame, pools: pd.DataFrame, lists: pd.DataFrame, admitted: npt.NDArray[np.bool_]
) -> tuple[pd.DataFrame, RoomSplit]:
    """The stock with every bed's ``sex`` and ``pool``, and the split.

    ``pools``: ``pools_before`` of the stock; ``lists``: ``household, pool`` (row in ``pools``); ``admitted``: which of
    these choices count. Raises ``NoAllocation`` where the split or its proof grows beyond the solver's limit.
    """
    sides, classes = _sides(pools), _classes(stock)
    rooms = np.array([len(units) for units in classes.values()], np.int64)
    beds = np.zeros((len(classes), len(sides) // 2), np.int64)
    number = {name: place for place, name in enumerate(sides[0::2])}
    for place, key in enumerate(classes):
        for name, count in key:
            beds[place, number[name]] = count
    choices = _choices(pools, lists[admitted], sides)
    found = mechanisms.split_of_units(rooms, beds, _partial(stock, sides), *choices, sides)
    if found is None:
        raise NoAllocation("rooms_split_limit", units=int(rooms.sum()), dormitories=len(sides) // 2)
    chosen, proof = found
    told = [
        {"beds": dict(key), "units": len(units), "women": count}
        for (key, units), count in zip(classes.items(), chosen, strict=True)
    ]
    women = [unit for units, count in zip(classes.values(), chosen, strict=True) for unit in units[:count]]
    return _told(stock, women), RoomSplit(_published(stock), {"format": FORMAT, "classes": told, **proof})


def _sides(pools: pd.DataFrame) -> list[str]:
    """Names of the women's and the men's pool of every dormitory (project, type, rent) in turn.

    A pool that does not exist, since all beds there are settled for the other sex, goes by that one's name behind ``!``.
    """
    beds = pools[pools["sex"].fillna("") != ""]
    found: dict[tuple[str, str, int], dict[str, str]] = {}
    for project, kind, rent, sex, pool in beds[[*_DORMITORY, "sex", "pool"]].itertuples(index=False):
        found.setdefault((project, kind, int(rent)), {})[sex] = pool
    pairs = [(here.get(_FEMALE), here.get(_MALE)) for _, here in sorted(found.items())]
    return [name for women, men in pairs for name in (women or f"!{men}", men or f"!{women}")]


def _classes(stock: pd.DataFrame) -> dict[Beds, list[Unit]]:
    """The classes in order, each by its beds in women's pools, with its units by name."""
    is_open = stock["unit"] != ""
    beds = pool_rules.with_pool_names(stock[is_open].assign(sex=_FEMALE))
    counts = beds.groupby(["project_id", "unit", "pool"], sort=True).size()
    content: dict[Unit, list[tuple[str, int]]] = {}
    for (project, unit, pool), count in counts.items():
        content.setdefault((str(project), str(unit)), []).append((str(pool), int(count)))
    units: dict[Beds, list[Unit]] = {}
    for name in sorted(content):
        units.setdefault(tuple(sorted(content[name])), []).append(name)
    return dict(sorted(units.items()))


def _partial(stock: pd.DataFrame, sides: list[str]) -> Ints:
    """(2 K,) beds whose sex is settled."""
    is_settled = (stock["sex"] != "") & (stock["unit"] == "")
    at = positions_among(pool_rules.with_pool_names(stock[is_settled])["pool"], sides)
    return np.bincount(at, minlength=len(sides)).astype(np.int64)


def _choices(pools: pd.DataFrame, counted: pd.DataFrame, sides: list[str]) -> tuple[Ints, Ints]:
    """Household and side of every choice; side -1 where it is no bed."""
    side = positions_among(pools["pool"], sides)
    return counted["household"].to_numpy(dtype=np.int64), side[counted["pool"].to_numpy(dtype=np.int64)]


def _told(stock: pd.DataFrame, women: list[Unit]) -> pd.DataFrame:
    """The stock with the open units settled: these to women, the others to men."""
    keys = pd.MultiIndex.from_arrays([stock["project_id"].astype(object), stock["unit"].astype(object)])
    for_women = np.asarray(keys.isin(women), dtype=bool) if women else np.zeros(len(stock), dtype=bool)
    is_open = (stock["unit"] != "").to_numpy(dtype=bool)
    sex = np.where(is_open, np.where(for_women, _FEMALE, _MALE), stock["sex"].to_numpy(dtype=object))
    return pool_rules.with_pool_names(stock.assign(sex=pd.Series(sex, index=stock.index, dtype="str")))


def _published(stock: pd.DataFrame) -> pd.DataFrame:
    """``dwelling_id, room_id, unit`` of the beds, by dwelling."""
    is_bed = (stock["sex"] != "") | (stock["unit"] != "")
    beds = stock.loc[is_bed, ["dwelling_id", "room_id", "unit"]].astype("str")
    return beds.iloc[order_by_text(beds["dwelling_id"])].reset_index(drop=True)
