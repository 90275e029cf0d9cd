"""Preferences (意向登记) of a synthetic city: ranked projects and types, popular ones wanted by many."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from allocator.model.columns import ANY_TYPE
from allocator.model.enums import SupplyMode
from scenarios.people import People
from scenarios.worlds import TYPES

ANY_PROJECT: Final = "*"
_MAX_CHOICES: Final = 10
_CHUNK: Final = 20_000
# How much each type is worth to each size of household, in the order of TYPES; none: it may not take it.
_NONE: Final = -np.inf
_TASTES: Final = {
    "single": (0.6, 0.7, 0.2, _NONE, _NONE),
    "pair": (_NONE, 0.0, 0.8, 0.2, _NONE),
    "parent_and_big_child": (_NONE, _NONE, 0.2, 0.6, -0.5),
    "family": (_NONE, _NONE, -0.2, 0.8, -1.2),
    "large_family": (_NONE, _NONE, _NONE, 0.5, 1.0),
}


def preferences(
    people: People, projects: pd.DataFrame, dwellings: pd.DataFrame, generator: np.random.Generator
) -> pd.DataFrame:
    """3 to 10 ranked rows per household (fewer where the city offers fewer), the last at times a wildcard."""
    cells = dwellings.groupby(["project_id", "dwelling_type"], sort=True).size().reset_index(name="places")
    cells = cells.merge(projects, on="project_id", how="left", validate="many_to_one")
    popularity = generator.normal(0.0, 1.1, len(projects))[
        _codes(cells["project_id"], projects["project_id"])
    ]
    popularity = popularity + 0.25 * np.log(cells["places"].to_numpy())
    blocks = []
    for kind, taste in _TASTES.items():
        is_open = np.isfinite(np.array(taste)[_codes(cells["dwelling_type"], pd.Series(TYPES))])
        of_kind = np.flatnonzero(_kinds(people) == kind)
        for start in range(0, len(of_kind), _CHUNK):
            rows = of_kind[start : start + _CHUNK]
            blocks.append(_chosen(people, rows, cells[is_open], popularity[is_open], taste, generator))
    household, rank, project, dwelling_type = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    frame = pd.DataFrame({"rank": rank, "project_id": project, "dwelling_type": dwelling_type})
    frame.insert(0, "receipt_no", people.households["receipt_no"].to_numpy()[household])
    return frame.iloc[np.lexsort((rank, household))].reset_index(drop=True)


def _kinds(people: People) -> np.ndarray:
    sizes = [people.num_persons == size for size in (1, 2, 3)]
    kinds = np.select(sizes, ["single", "pair", "family"], "large_family")
    return np.where(people.has_big_child, "parent_and_big_child", kinds)


def _codes(values: pd.Series, known: pd.Series) -> np.ndarray:
    return pd.Index(known).get_indexer(values)


def _chosen(
    people: People,
    rows: np.ndarray,
    cells: pd.DataFrame,
    popularity: np.ndarray,
    taste: tuple[float, ...],
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Household row, rank, project and type of the choices of these households (a random utility model)."""
    if cells.empty:
        return (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, object), np.empty(0, object))
    of_type = np.array(taste)[_codes(cells["dwelling_type"], pd.Series(TYPES))]
    # The least of exponential times is the greatest of Gumbel utilities, and cheaper to draw.
    times = generator.standard_exponential((len(rows), len(cells)), dtype=np.float32)
    times *= np.exp(-popularity - of_type).astype(np.float32)
    times *= _distance(people.households.iloc[rows], cells)
    width = min(_MAX_CHOICES, len(cells))
    best = _least(times, width)
    num = np.minimum(3 + generator.binomial(7, 0.45, len(rows)), width)
    is_kept = np.arange(width) < num[:, None]
    project = cells["project_id"].to_numpy(dtype=object)[best]
    dwelling_type = cells["dwelling_type"].to_numpy(dtype=object)[best]
    last = (np.arange(len(rows)), num - 1)
    drawn = generator.random(len(rows))
    # Wildcards stand last: one project in any type, one type in any project, or anything at all.
    dwelling_type[last] = np.where((drawn < 0.03) | (drawn > 0.99), ANY_TYPE, dwelling_type[last])
    project[last] = np.where(((drawn >= 0.03) & (drawn < 0.07)) | (drawn > 0.99), ANY_PROJECT, project[last])
    rank = np.broadcast_to(np.arange(1, width + 1), best.shape)
    return np.repeat(rows, num), rank[is_kept], project[is_kept], dwelling_type[is_kept]


def _least(times: np.ndarray, width: int) -> np.ndarray:
    """(n, width) columns of the least values, least first; equal ones by column."""
    if width == times.shape[1]:
        return np.argsort(times, axis=1, kind="stable")
    first = np.sort(np.argpartition(times, width, axis=1)[:, :width], axis=1)
    order = np.argsort(np.take_along_axis(times, first, axis=1), axis=1, kind="stable")
    return np.take_along_axis(first, order, axis=1)


def _distance(households: pd.DataFrame, cells: pd.DataFrame) -> np.ndarray:
    """(n, cells) factors: the own district and the own employer's stock are near, another employer's is far."""
    district, home = _shared_codes(cells["district"], households["district"])
    operator, employer = _shared_codes(cells["operator_id"], households["employer_id"])
    is_closed = (cells["supply_mode"] == SupplyMode.ENTERPRISE_BUILT).to_numpy()
    near = np.where(home[:, None] == district, _factor(1.0), _factor(0.0))
    is_own = employer[:, None] == operator
    return near * np.where(is_own, _factor(2.5), np.where(is_closed, _factor(-3.5), _factor(0.0)))


def _shared_codes(ours: pd.Series, theirs: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both as codes of one list; a missing name of ours and of theirs are not the same."""
    known = pd.Index(ours.dropna().unique())
    mine, others = (_codes(values, known.to_series()) for values in (ours, theirs))
    return mine, np.where(others < 0, -2, others)


def _factor(utility: float) -> np.float32:
    return np.float32(np.exp(-utility))
