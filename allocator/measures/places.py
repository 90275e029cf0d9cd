"""Figures of places: pools, supply by the six modes, what is still empty and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.enums import DwellingType, SupplyMode
from allocator.model.figures import SubRoundRecord

POOL_COLUMNS: Final = (
    "sub_round",
    "pool",
    "project_name",
    "supply_mode",
    "dwelling_type",
    "sex",
    "rent_per_m2_fen",
    "capacity",
    "num_asked",
    "num_housed",
    "num_empty",
    "num_turned_away",
    "closing_band",
    "closing_position",
    "cut_position",
)


def pool_figures(records: Sequence[SubRoundRecord]) -> pd.DataFrame:
    """One row per sub-round and pool, ``POOL_COLUMNS``."""
    if not records:
        return pd.DataFrame(columns=list(POOL_COLUMNS))
    return pd.concat([_pools_of(record) for record in records], ignore_index=True)


def _pools_of(record: SubRoundRecord) -> pd.DataFrame:
    pools = record.pools.sort_values("pool", kind="stable").reset_index(drop=True)
    wishes = record.preferences[~record.preferences["code"].isin(record.removed)]
    wishes = wishes.groupby(["code", "pool"], sort=False)["rank"].min().reset_index()
    asked = _counts(wishes.groupby("pool").size(), pools["pool"])
    pools = pools.assign(sub_round=record.sub_round, num_asked=asked, sex=pools["sex"].fillna(""))
    housed = turned_away = pd.Series(pd.NA, index=pools.index, dtype="Int64")
    if record.result is not None:
        housed = _counts(record.result.groupby("pool").size(), pools["pool"]).astype("Int64")
        turned_away = _counts(_turned_away(wishes, record.result), pools["pool"]).astype("Int64")
    pools["num_housed"], pools["num_empty"] = housed, pools["capacity"].astype("Int64") - housed
    pools["num_turned_away"] = turned_away
    closing = _closing(record.certificate or {}, pools["pool"])
    return pd.concat([pools, closing], axis=1)[list(POOL_COLUMNS)]


def _turned_away(wishes: pd.DataFrame, result: pd.DataFrame) -> pd.Series:
    """Per pool the households that list it above what they got, or got nothing."""
    got = result[["code", "pool"]].merge(wishes, on=["code", "pool"]).set_index("code")["rank"]
    above = wishes["code"].map(got).fillna(np.inf) > wishes["rank"]
    return wishes[above].groupby("pool").size()


def _closing(certificate: Mapping[str, Any], pools: pd.Series) -> pd.DataFrame:
    """closing_band, closing_position, cut_position: the first band that found the pool closed, and how far it reached.

    Of `serial` the pools filled. Of `band_optimum` (docs/reference/certificate.md) the closing positions of
    the first band that has one; a pool sealed at a band (its price is not the sink's) is full for the next:
    position 0. The cut is the closing position or, where that is 0, the end of the bands before. Lotteries, and
    proofs where quotas cross, know no such positions.
    """
    found = {pool: (pd.NA, position, position) for pool, position in certificate.get("filled", {}).items()}
    end, sealed = 0, set[str]()
    for level in () if "proofs" in certificate else certificate.get("bands", ()):
        band = int(level["band"])
        for pool, position in level["closing"].items():
            found.setdefault(pool, (band, position, position or end))
        end += int(level["num_households"])
        sealed |= {pool for pool in pools if level["prices"].get(pool, 0) != level["sink_price"]}
        for pool in sorted(sealed - set(found)):
            found[pool] = (band + 1, 0, end)
    nothing = (pd.NA, pd.NA, pd.NA)
    columns = zip(*(found.get(pool, nothing) for pool in pools), strict=True)
    names = ("closing_band", "closing_position", "cut_position")
    arrays = list(columns) or [(), (), ()]
    return pd.DataFrame(
        {name: pd.array(list(told), dtype="Int64") for name, told in zip(names, arrays, strict=True)}
    )


def _counts(counted: pd.Series, names: pd.Series) -> pd.Series:
    return names.map(counted).fillna(0).astype("int64")


def place_figures(records: Sequence[SubRoundRecord], waived: frozenset[str]) -> pd.DataFrame:
    """One row per dwelling, in the last sub-round it stood in.

    dwelling_id, sub_round, pool, supply_mode, dwelling_type, is_housed (boolean, NA: nothing allocated yet
    there), is_waived (its only offer was declined).
    """
    parts = [_places_of(record, place) for place, record in enumerate(records)]
    if not parts:
        columns = [
            "dwelling_id",
            "sub_round",
            "pool",
            "supply_mode",
            "dwelling_type",
            "is_housed",
            "is_waived",
        ]
        return pd.DataFrame(columns=columns).astype({"is_housed": "boolean", "is_waived": "bool"})
    places = pd.concat(parts, ignore_index=True).sort_values(["dwelling_id", "place"], kind="stable")
    places["is_housed"] = places.groupby("dwelling_id")["is_housed"].transform("max").astype("boolean")
    last = places.drop_duplicates("dwelling_id", keep="last").reset_index(drop=True)
    return last.assign(is_waived=last["dwelling_id"].isin(waived)).drop(columns="place")


def _places_of(record: SubRoundRecord, place: int) -> pd.DataFrame:
    columns = ["pool", "supply_mode", "dwelling_type"]
    frame = record.dwellings[["pool", "dwelling_id"]].merge(
        record.pools[columns], on="pool", how="left", validate="many_to_one"
    )
    is_housed = pd.array([pd.NA] * len(frame), dtype="boolean")
    if record.result is not None:
        is_housed = frame["dwelling_id"].isin(record.result["dwelling_id"]).astype("boolean")
    return frame.assign(is_housed=is_housed, place=place, sub_round=record.sub_round)


def supply_figures(places: pd.DataFrame) -> pd.DataFrame:
    """All six modes: supply_mode, num_flats, num_beds, num_housed (NA before any allocation; without waived)."""
    is_bed = places["dwelling_type"] == DwellingType.BED
    by_mode = places["supply_mode"]
    flats, beds = (by_mode[mask].value_counts() for mask in (~is_bed, is_bed))
    modes = pd.Series([str(mode) for mode in SupplyMode], name="supply_mode")
    supply = pd.DataFrame({"supply_mode": modes, "num_flats": _counts(flats, modes)})
    supply["num_beds"] = _counts(beds, modes)
    is_taken = places["is_housed"].fillna(value=False).astype(bool) & ~places["is_waived"]
    housed = by_mode[is_taken].value_counts()
    known = bool(places["is_housed"].notna().any())
    supply["num_housed"] = _counts(housed, modes).astype("Int64") if known else pd.NA
    return supply.astype({"num_housed": "Int64"})


def empty_figures(places: pd.DataFrame, pools: pd.DataFrame) -> pd.DataFrame:
    """Empty places by supply mode and reason: supply_mode, reason, num_places.

    ``waived``: offered and declined. Otherwise, by the pool in the last sub-round the place stood in: nobody
    listed it; fewer listed it than it holds; or enough did, and those not in it were housed elsewhere.
    """
    keys = ["sub_round", "pool"]
    known = places.merge(pools[[*keys, "capacity", "num_asked"]], on=keys, how="left")
    housed = known["is_housed"].fillna(value=False).astype(bool)
    reason = np.select(
        [
            known["is_waived"].to_numpy(dtype=bool),
            known["is_housed"].isna().to_numpy(dtype=bool),
            (known["num_asked"] == 0).to_numpy(dtype=bool),
            (known["num_asked"] < known["capacity"]).to_numpy(dtype=bool),
        ],
        ["waived", "not_allocated", "nobody_asked", "fewer_asked_than_places"],
        "preferred_elsewhere",
    )
    is_empty = (~housed | known["is_waived"]).to_numpy(dtype=bool)
    empty = pd.DataFrame({"supply_mode": known["supply_mode"], "reason": reason})[is_empty]
    return empty.groupby(["supply_mode", "reason"], sort=True).size().rename("num_places").reset_index()
