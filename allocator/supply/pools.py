"""房源组: dwellings that are interchangeable to the rules, and households' lists as ranked pools."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from allocator.model.columns import ANY_TYPE
from allocator.model.enums import DwellingType, Sex
from allocator.model.lookups import is_among, positions_among
from allocator.policy.model import SupplyRules

POOL_COLUMNS = ("pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "capacity", "employer_id")
_TYPES = [str(kind) for kind in DwellingType]


def suits_need(stock: pd.DataFrame, rules: SupplyRules) -> pd.Series:
    """Which dwellings are offered first to households in need: accessible, or low enough."""
    accessible = stock["accessible"].fillna(value=False).astype(bool)
    return accessible | (stock["floor"] <= rules.ground_floor_up_to).fillna(value=False).astype(bool)


def with_pool_names(stock: pd.DataFrame) -> pd.DataFrame:
    """The stock with its ``pool``: project, type, sex of room and rent, in that order."""
    sex = stock["sex"].map({Sex.FEMALE: "-F", Sex.MALE: "-M"}).fillna("")
    rent = stock["rent_per_m2_fen"].astype("int64").astype("str")
    project = stock["project_id"]
    # ``>`` and ``=`` part pools in the roster's leaves, so no pool's name may hold them; ``%`` keeps names apart.
    for mark, spelled in (("%", "%25"), (">", "%3E"), ("=", "%3D")):
        project = project.str.replace(mark, spelled, regex=False)
    return stock.assign(pool=project + "-" + stock["dwelling_type"] + sex + "-" + rent)


def pools_of(stock: pd.DataFrame) -> pd.DataFrame:
    """One row per pool (``POOL_COLUMNS``), sorted by pool; capacity counts its dwellings."""
    keys = ["pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "employer_id"]
    pools = stock.groupby(keys, sort=True, dropna=False).size().rename("capacity").reset_index()
    return pools.sort_values("pool", kind="stable")[list(POOL_COLUMNS)].reset_index(drop=True)


def places_of(stock: pd.DataFrame, *, need_first: bool) -> pd.DataFrame:
    """The published order inside each pool: ``pool, place, dwelling_id``.

    With ``need_first`` the accessible dwellings come first, then by floor; otherwise by dwelling id.
    """
    order = ["pool", "dwelling_id"]
    if need_first:
        stock = stock.assign(later=~stock["accessible"].fillna(value=False).astype(bool))
        order = ["pool", "later", "floor", "dwelling_id"]
    ordered = stock.sort_values(order, kind="stable")
    place = ordered.groupby("pool").cumcount().astype("int64") + 1
    return ordered.assign(place=place)[["pool", "place", "dwelling_id"]].reset_index(drop=True)


def ranked_pools(preferences: pd.DataFrame, people: pd.DataFrame, pools: pd.DataFrame) -> pd.DataFrame:
    """Every household's list as pools it may take: ``household`` (row in ``people``), ``rank``, ``pool`` (row in ``pools``).

    ``preferences``: ``receipt_no, rank, project_id, dwelling_type`` with wildcards. ``people``:
    ``receipt_no, sex, employer_id`` and one boolean column per dwelling type (may take it). A row of the
    list stands for every pool of that kind which the household may take, liked equally, inside the
    group by rent, then pool id; a pool listed twice counts once, at its better rank; ranks are
    dense from 1 (contract, section 3). Sorted by household, rank, rent, pool.
    """
    household = positions_among(preferences["receipt_no"], people["receipt_no"])
    known = household >= 0
    rows = preferences[known]
    at, pool = _expand(rows["project_id"], rows["dwelling_type"], pools)
    owner = household[known][at]
    rank = rows["rank"].to_numpy(dtype=np.int64)[at]
    may = _may_take(people, pools)
    keep = may(owner, pool)
    return _dense(owner[keep], rank[keep], pool[keep], pools)


def _expand(projects: pd.Series, types: pd.Series, pools: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Row and pool index of every pool that a row of a list names, wildcards included."""
    project_code = pd.Categorical(pools["project_id"])
    num_types = len(_TYPES)
    pool_type = pd.Categorical(pools["dwelling_type"], categories=_TYPES).codes.astype(np.int64)
    pool_key = project_code.codes.astype(np.int64) * num_types + pool_type
    row_project = positions_among(projects, project_code.categories)
    row_type = positions_among(types, _TYPES)
    any_project, any_type = is_among(projects, [ANY_TYPE]), is_among(types, [ANY_TYPE])
    cases = (
        (~any_project & ~any_type & (row_project >= 0), row_project * num_types + row_type, pool_key),
        (~any_project & any_type & (row_project >= 0), row_project, pool_key // num_types),
        (any_project & ~any_type, row_type, pool_type),
        (any_project & any_type, np.zeros_like(row_type), np.zeros_like(pool_type)),
    )
    parts = [_join(np.flatnonzero(rows), key[rows], right) for rows, key, right in cases]
    return np.concatenate([at for at, _ in parts]), np.concatenate([pool for _, pool in parts])


def _join(rows: np.ndarray, key: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs (row, position in ``right``) with equal keys."""
    order = np.argsort(right, kind="stable")
    lower = np.searchsorted(right[order], key, side="left")
    count = np.searchsorted(right[order], key, side="right") - lower
    at = np.repeat(rows, count)
    offset = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    return at, order[np.repeat(lower, count) + offset]


def _may_take(people: pd.DataFrame, pools: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Entitlement to the type, the sex of the room, and the employer's own stock."""
    entitled = people[_TYPES].to_numpy(dtype=bool)
    pool_type = pd.Categorical(pools["dwelling_type"], categories=_TYPES).codes.astype(np.int64)
    sex_of = {"": 0, str(Sex.FEMALE): 1, str(Sex.MALE): 2}
    pool_sex = pools["sex"].fillna("").map(sex_of).to_numpy(dtype=np.int64)
    sex = people["sex"].fillna("").map(sex_of).to_numpy(dtype=np.int64)
    employers = pd.Categorical(pools["employer_id"])
    open_to_all = (pools["employer_id"] == "").to_numpy()
    employer = pd.Index(employers.categories).get_indexer(people["employer_id"].fillna("-"))
    pool_employer = employers.codes

    def may(owner: np.ndarray, pool: np.ndarray) -> np.ndarray:
        fits_sex = (pool_sex[pool] == 0) | (pool_sex[pool] == sex[owner])
        fits_employer = open_to_all[pool] | (pool_employer[pool] == employer[owner])
        return entitled[owner, pool_type[pool]] & fits_sex & fits_employer

    return may


def _dense(owner: np.ndarray, rank: np.ndarray, pool: np.ndarray, pools: pd.DataFrame) -> pd.DataFrame:
    """Sorted, each pool once at its better rank, ranks dense from 1."""
    rent = pools["rent_per_m2_fen"].to_numpy(dtype=np.int64)
    # Place of each pool by rent, then id, so that one integer sorts a group.
    by_rent = np.empty(len(pools), dtype=np.int64)
    by_rent[np.lexsort((np.arange(len(pools)), rent))] = np.arange(len(pools))
    order = np.lexsort((by_rent[pool], rank, owner))
    owner, rank, pool = owner[order], rank[order], pool[order]
    first = ~pd.Series(owner * max(len(pools), 1) + pool).duplicated().to_numpy()
    owner, rank, pool = owner[first], rank[first], pool[first]
    new_owner = np.r_[True, owner[1:] != owner[:-1]][: len(owner)]
    steps = np.r_[True, (rank[1:] != rank[:-1])][: len(owner)] | new_owner
    running = np.cumsum(steps)
    base = np.maximum.accumulate(np.where(new_owner, running, 0)) if len(owner) else running
    return pd.DataFrame({"household": owner, "rank": running - base + 1, "pool": pool})
