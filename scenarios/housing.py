"""Employers, projects and dwellings of a synthetic city."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.enums import DwellingType, SupplyMode
from scenarios.identity import credit_codes
from scenarios.worlds import DISTRICTS, MODES, TYPES, World, whole_shares

MAIN_EMPLOYER: Final = "E001"
_NAMES_A: Final = (
    "云杉",
    "青禾",
    "听泉",
    "晨光",
    "松湖",
    "瑞景",
    "和风",
    "金穗",
    "南苑",
    "北辰",
    "望岳",
    "临水",
    "新芽",
    "百合",
    "星河",
)
_NAMES_B: Final = ("家园", "公寓", "佳苑", "新村", "花园", "小区", "里")
_FIRMS: Final = (
    "精密电子",
    "汽车装配",
    "食品加工",
    "物流",
    "家政服务",
    "纺织",
    "环卫",
    "公交",
    "建材",
    "医药",
)

# How often each mode occurs, and which dwelling types it builds (in the order of TYPES): modelling choices.
_MODE_SHARES: Final = np.array([0.17, 0.16, 0.15, 0.20, 0.22, 0.10])
_TYPES_OF_MODE: Final = {
    SupplyMode.DEVELOPER_BUILT: (0.5, 1.0, 1.0, 1.0, 0.5),
    SupplyMode.ENTERPRISE_BUILT: (3.0, 0.8, 0.1, 0.0, 0.0),
    SupplyMode.LEASED: (1.5, 1.2, 0.8, 0.3, 0.0),
    SupplyMode.GOVERNMENT_INVESTED: (0.3, 1.0, 1.2, 1.2, 1.0),
    SupplyMode.MIXED_DEVELOPMENT: (0.0, 0.6, 1.2, 1.2, 0.8),
    SupplyMode.LARGE_ESTATE: (0.7, 1.0, 1.2, 1.2, 1.0),
}
_AREA_CM2: Final = {
    DwellingType.BED: (60_000, 80_000),
    DwellingType.STUDIO: (280_000, 350_000),
    DwellingType.ONE_ROOM: (400_000, 500_000),
    DwellingType.TWO_ROOM: (520_000, 600_000),
    DwellingType.THREE_ROOM: (660_000, 790_000),
}
_ROOM_SIZES: Final = (4, 6, 8)
_SHARE_OF_ROOMS_LIVED_IN: Final = 0.25


def employers(num_households: int, generator: np.random.Generator) -> pd.DataFrame:
    """4 to 60 employers; the first is the main one. ``operator_id`` of projects points here too."""
    num = int(np.clip(num_households // 800 + 4, 4, 60))
    ids = [f"E{k + 1:03d}" for k in range(num)]
    names = [f"示例{_FIRMS[k % len(_FIRMS)]}{k // len(_FIRMS) + 1}厂" for k in range(num)]
    district = np.array(DISTRICTS)[generator.integers(0, len(DISTRICTS), num)]
    codes = credit_codes(num, generator)
    return pd.DataFrame({"employer_id": ids, "name": names, "credit_code": codes, "district": district})


def projects(
    places: int, first_day: np.datetime64, employer_ids: np.ndarray, generator: np.random.Generator
) -> pd.DataFrame:
    """7 to 110 projects; the first six have one mode each, the second belongs to the main employer."""
    num = int(np.clip(places // 100 + 7, 7, 110))
    mode = np.concatenate([np.arange(6), generator.choice(6, num - 6, p=_MODE_SHARES)])
    is_own, is_leased = (mode == MODES.index(SupplyMode(m)) for m in ("enterprise_built", "leased"))
    operator = employer_ids[generator.integers(0, len(employer_ids), num)].astype(object)
    operator[1] = MAIN_EMPLOYER
    operator[~(is_own | is_leased)] = None
    ends = first_day + generator.integers(400, 3650, num).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "project_id": [f"P{k + 1:03d}" for k in range(num)],
            "name": [_project_name(k) for k in range(num)],
            "supply_mode": np.array(MODES, dtype=object)[mode],
            "district": np.array(DISTRICTS)[generator.integers(0, len(DISTRICTS), num)],
            "operator_id": operator,
            "head_lease_ends": np.where(is_leased, ends.astype("datetime64[s]"), np.datetime64("NaT")),
        }
    )


def _project_name(number: int) -> str:
    first, second = _NAMES_A[number % len(_NAMES_A)], _NAMES_B[number // len(_NAMES_A) % len(_NAMES_B)]
    phase = number // (len(_NAMES_A) * len(_NAMES_B))
    return first + second + (f"{phase + 1}期" if phase else "")


def dwellings(
    projects: pd.DataFrame,
    places: int,
    world: World,
    first_day: np.datetime64,
    generator: np.random.Generator,
    *,
    first_number: int = 1,
) -> pd.DataFrame:
    """Exactly ``places`` dwellings, free from up to half a year before ``first_day`` to the day before it."""
    cells = _cells(projects, places, world, generator)
    at = np.repeat(np.arange(len(cells)), cells["places"])
    drawn = {name: cells[name].to_numpy()[at] for name in ("project_id", "dwelling_type", "rent_per_m2_fen")}
    kind = np.where(drawn["dwelling_type"] == DwellingType.BED, "bed", "flat")
    variant = generator.choice([-5_000, 0, 0, 5_000], places)
    frame = pd.DataFrame(drawn | {"kind": kind})
    frame["building_area_cm2"] = cells["area_cm2"].to_numpy()[at] + np.where(kind == "flat", variant, 0)
    frame["floor"] = generator.integers(1, cells["floors"].to_numpy()[at] + 1)
    frame["available_on"] = first_day - generator.integers(1, 180, places).astype("timedelta64[D]")
    frame["dwelling_id"] = _numbered("D", first_number, places, 7)
    frame["accessible"] = generator.random(places) < np.where(frame["floor"] <= 2, 0.08, 0.01)
    frame["room_id"], frame["room_sex"] = None, None
    return _with_rooms(frame, cells, at, generator, first_number)


def _cells(projects: pd.DataFrame, places: int, world: World, generator: np.random.Generator) -> pd.DataFrame:
    """One row per project, type and rent with its number of places; together exactly ``places``."""
    weights = _cell_weights(projects, places, world, generator)
    row, column = np.nonzero(weights)
    counts = whole_shares(places, weights[row, column])
    row, column, counts = row[counts > 0], column[counts > 0], counts[counts > 0]
    low, high = np.array([_AREA_CM2[kind] for kind in TYPES]).T
    area = low[column] + (high - low)[column] * generator.integers(0, 11, len(row)) // 10
    is_bed = column == TYPES.index(DwellingType.BED)
    rent = _rents(row, is_bed, len(projects), generator)
    cells = pd.DataFrame(
        {
            "project_id": projects["project_id"].to_numpy()[row],
            "dwelling_type": np.array(TYPES, dtype=object)[column],
            "rent_per_m2_fen": rent,
            "area_cm2": area,
            "floors": generator.integers(6, 19, len(projects))[row],
            "room_size": np.where(is_bed, np.array(_ROOM_SIZES)[generator.integers(0, 3, len(row))], 0),
            "places": counts,
        }
    )
    return _with_a_second_rent(cells, generator)


def _cell_weights(
    projects: pd.DataFrame, places: int, world: World, generator: np.random.Generator
) -> np.ndarray:
    """(projects, types) weights: the world's type shares, the modes' habits, the main employer's share."""
    habits = np.array([_TYPES_OF_MODE[SupplyMode(mode)] for mode in projects["supply_mode"]])
    is_estate = (projects["supply_mode"] == SupplyMode.LARGE_ESTATE).to_numpy()
    size = generator.lognormal(0.0, 0.5, len(projects)) * np.where(is_estate, 3.0, 1.0)
    # In a small city a project builds few types, so that its pools are no single dwellings.
    kept = generator.random(habits.shape) < (0.75 if places > 20 * len(projects) else 0.5)
    kept[np.arange(len(habits)), habits.argmax(axis=1)] = True
    weights = habits * kept * size[:, None]
    shares = np.array(world.type_shares)
    is_main = (projects["operator_id"] == MAIN_EMPLOYER).to_numpy()
    own = weights[is_main] * shares
    weights[is_main] = 0.0
    totals = weights.sum(axis=0)
    weights = weights * np.divide(shares, totals, out=np.zeros(5), where=totals > 0)
    others = (1 - world.main_employer_places) / weights.sum()
    weights = weights * others
    weights[is_main] = own * (world.main_employer_places / own.sum())
    return weights


def _rents(
    row: np.ndarray, is_bed: np.ndarray, num_projects: int, generator: np.random.Generator
) -> np.ndarray:
    """Flats 6.00 to 11.00 yuan per m² in steps of 0.50, one per project; beds 80 to 200 yuan per bed."""
    flat = generator.integers(12, 23, num_projects)[row] * 50
    return np.where(is_bed, generator.integers(8, 21, len(row)) * 1000, flat)


def _with_a_second_rent(cells: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """One flat cell in ten has a second rent band (a better-kept building) with a third of its places."""
    is_large = ((cells["room_size"] == 0) & (cells["places"] >= 3)).to_numpy()
    is_split = is_large & (generator.random(len(cells)) < 0.1)
    second = cells[is_split].copy()
    second["places"] //= 3
    second["rent_per_m2_fen"] += 100
    first = cells.copy()
    first.loc[is_split, "places"] -= second["places"]
    return pd.concat([first, second], ignore_index=True)


def _with_rooms(
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    at: np.ndarray,
    generator: np.random.Generator,
    first_number: int,
) -> pd.DataFrame:
    """Beds get rooms: whole empty ones without a sex, and rooms already lived in with a bed or more free."""
    is_bed = (frame["kind"] == "bed").to_numpy()
    if not is_bed.any():
        return frame
    room, is_lived_in = _rooms_of(at[is_bed], cells["room_size"].to_numpy(), generator)
    male = generator.random(room.max() + 1) < 0.6
    sex = np.where(male, "male", "female").astype(object)
    sex[~is_lived_in] = None
    frame.loc[is_bed, "room_id"] = _numbered(f"R{first_number}-", 1, int(room.max()) + 1, 5)[room]
    frame.loc[is_bed, "room_sex"] = sex[room]
    # One room stands on one floor, and is accessible as a whole.
    _, first_bed, of_room = np.unique(room, return_index=True, return_inverse=True)
    for column in ("floor", "accessible"):
        values = frame.loc[is_bed, column].to_numpy()
        frame.loc[is_bed, column] = values[first_bed][of_room]
    return frame


def _rooms_of(
    cell: np.ndarray, sizes: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Room number of each bed (beds of a cell stand together), and which rooms are lived in.

    Of each cell about a quarter of the rooms are lived in and free in part; the rest of a division is so too.
    """
    room = np.empty(len(cell), dtype=np.int64)
    lived_in: list[bool] = []
    starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(cell)], strict=True):
        size = int(sizes[cell[start]])
        num_whole = int((end - start) * (1 - _SHARE_OF_ROOMS_LIVED_IN / 2)) // size
        beds, is_lived_in = [size] * num_whole, [False] * num_whole
        rest = int(end - start) - num_whole * size
        while rest:
            free = min(rest, int(generator.integers(1, size)))
            beds.append(free)
            is_lived_in.append(True)
            rest -= free
        room[start:end] = len(lived_in) + np.repeat(np.arange(len(beds)), beds)
        lived_in += is_lived_in
    return room, np.array(lived_in)


def _numbered(prefix: str, first: int, num: int, width: int) -> Any:
    """(num,) object: ``prefix`` and a running number with leading zeros."""
    return np.array([f"{prefix}{k:0{width}d}" for k in range(first, first + num)], dtype=object)
