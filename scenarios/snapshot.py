"""快照: the frozen city a scenario draws from. Households are drawn from its profiles, homes from its dwellings.

A profile is one household as delivered: its members, income, papers and ranked list. Whoever comes to the
simulated city is such a household, aged to the day it comes. Everything is columns; lists of pools are made once,
by the functions of the real round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.errors import Refused
from allocator.model.columns import HOUSEHOLDS, MEMBERS
from allocator.model.enums import BenefitStatus, Branch, DwellingKind, DwellingType, Sex, SupplyMode
from allocator.model.facts import Facts, conform
from allocator.model.lookups import is_among, order_by_text, positions_among
from allocator.policy.in_force import Policy
from allocator.supply import pools as pool_rules
from allocator.supply import stock as stock_rules
from allocator.tenancies.rents import monthly_rent_fen
from scenarios.chance import Purpose, keys_of, uniforms
from scenarios.population import city
from scenarios.start import Start

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

UNKNOWN: Final = -1
NOBODY: Final = -1
TYPES: Final = tuple(str(kind) for kind in DwellingType)
MODES: Final = tuple(str(mode) for mode in SupplyMode)
BRANCHES: Final = tuple(str(branch) for branch in Branch)
STATUSES: Final = tuple(str(status) for status in BenefitStatus)
NUM_DECILES: Final = 10
_LEAST_PROFILES, _MOST_PROFILES = 500, 20_000
_SHARE_OF_MEN: Final = 0.6
_LONG_AGO: Final = "1990-01-01"


@dataclass(frozen=True, eq=False)
class Lists:
    """Ranked pools of each profile: entries ``[start[p], start[p + 1])`` of ``pool`` and ``rank``, best first."""

    start: Ints
    pool: Ints
    rank: Ints


@dataclass(frozen=True, eq=False)
class Homes:
    """Dwellings to draw from, one row each, and the pools they form (``supply.pools.POOL_COLUMNS``).

    ``available_on``: datetime64[D], as delivered.
    """

    pool: Ints
    mode: Ints
    area_cm2: Ints
    rate_fen: Ints
    rent_fen: Ints
    is_bed: Bools
    suits_need: Bools
    is_accessible: Bools
    floor: Ints
    dwelling_ids: pd.Series
    available_on: Any
    pools: pd.DataFrame
    pool_type: Ints
    pool_employer: Ints
    pool_goes_back: Bools
    pool_district: Ints

    @cached_property
    def pool_names(self) -> list[str]:
        """Names of the pools, in their order."""
        return [str(name) for name in self.pools["pool"]]

    @cached_property
    def pool_turn(self) -> Ints:
        """(C,) the turn of each pool among those liked equally: by rent, then id."""
        turn = np.empty(len(self.pools), dtype=np.int64)
        rent = self.pools["rent_per_m2_fen"].to_numpy(dtype=np.int64)
        turn[np.lexsort((np.arange(len(self.pools)), rent))] = np.arange(len(self.pools))
        return turn


@dataclass(frozen=True, eq=False)
class Standing:
    """Who is there on the first day, where that is known and not drawn.

    Of those who wait: ``waiting`` (their profiles), ``registered_on`` (datetime64[D]), ``num_waivers``, ``num_lost``.
    Of those who rent: ``tenants`` (profiles), ``tenant_homes`` (rows of ``Homes``), ``since`` (months from the first, not
    above 0). ``opens_in``: of each row of ``Homes`` the month from which it can be let. ``left_out``: households that
    register later, and tenants of dwellings the law does not know.
    """

    waiting: Ints
    registered_on: Any
    num_waivers: Ints
    num_lost: Ints
    tenants: Ints
    tenant_homes: Ints
    since: Ints
    opens_in: Ints
    left_out: int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Profiles in the order of their receipt numbers; codes count in the lists above, ``UNKNOWN`` where blank."""

    first_day: date
    households: pd.DataFrame
    members: pd.DataFrame
    member_start: Ints
    income_fen: Ints
    num_persons: Ints
    branch: Ints
    status: Ints
    employer: Ints
    district: Ints
    decile: Ints
    employers: pd.Index
    districts: pd.Index
    employer_district: Ints
    projects: pd.DataFrame
    homes: Homes
    lists: Lists
    nothing: Facts
    standing: Standing | None = None

    def __len__(self) -> int:
        return len(self.households)


def synthetic(num: int, seed: int, world: str, start: str, policy: Policy) -> Snapshot:
    """A snapshot of the synthetic city of that world, large enough for ``num`` households of the simulation."""
    profiles = int(np.clip(num, _LEAST_PROFILES, _MOST_PROFILES))
    return snapshot_of(city(profiles, seed, world, month=start), date.fromisoformat(start + "-01"), policy)


def as_it_stands(start: Start, first: str, policy: Policy) -> Snapshot:
    """The snapshot of a bureau's own city in that month (``2026-03``): who waits and who rents stand in it."""
    facts = start.facts
    built = facts.projects[is_among(facts.projects["project_id"], facts.dwellings["project_id"])]
    if not is_among(built["supply_mode"], [str(mode) for mode in policy.supply.modes]).any():
        raise Refused("scenario_start_no_dwellings")
    found = snapshot_of(facts, date.fromisoformat(first + "-01"), policy)
    day = np.datetime64(first + "-01", "D")
    profile = pd.Series(np.arange(len(found)), index=found.households["receipt_no"])
    registered = facts.households.set_index("receipt_no")["registered_on"]
    registered_on = registered.reindex(start.waiting["receipt_no"]).to_numpy(dtype="datetime64[D]")
    is_there = ~(registered_on > day)
    waiting = start.waiting[is_there]
    home = positions_among(start.tenants["dwelling_id"], found.homes.dwelling_ids)
    tenants = start.tenants[home >= 0]
    opens_in = _months_between(day, found.homes.available_on)
    standing = Standing(
        waiting=profile.loc[waiting["receipt_no"]].to_numpy(dtype=np.int64),
        registered_on=registered_on[is_there],
        num_waivers=waiting["num_waivers"].to_numpy(dtype=np.int64),
        num_lost=waiting["num_lost"].to_numpy(dtype=np.int64),
        tenants=profile.loc[tenants["receipt_no"]].to_numpy(dtype=np.int64),
        tenant_homes=home[home >= 0],
        since=np.minimum(_months_between(day, tenants["since"].to_numpy(dtype="datetime64[D]")), 0),
        opens_in=np.where(found.homes.available_on <= day, 0, np.maximum(opens_in, 1)),
        left_out=int((~is_there).sum() + (home < 0).sum()),
    )
    return replace(found, standing=standing)


def _months_between(first: np.datetime64, days: Any) -> Ints:
    """Months from that of ``first`` to that of each day; without a day 0."""
    months = (days.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
    return np.where(np.isnat(days), 0, months)


def snapshot_of(facts: Facts, first_day: date, policy: Policy) -> Snapshot:
    """The snapshot of delivered facts on that day.

    Head leases are taken to be renewed; a room without a sex gets one, so that beds keep theirs over the years.
    """
    order = order_by_text(facts.households["receipt_no"])
    households = facts.households.iloc[order].reset_index(drop=True)
    position = positions_among(facts.members["receipt_no"], households["receipt_no"])
    by_home = np.argsort(position, kind="stable")
    by_home = by_home[position[by_home] >= 0]
    sizes = np.bincount(position[by_home], minlength=len(households))
    income = households["income_per_year_fen"].fillna(UNKNOWN).to_numpy(dtype=np.int64)
    employers = pd.Index(facts.employers["employer_id"].sort_values())
    districts = pd.Index(sorted({*facts.projects["district"], *facts.employers["district"]}))
    homes = _homes(facts, policy, employers, districts)
    return Snapshot(
        first_day=first_day,
        households=conform(households.assign(registered_on=pd.NaT, income_as_of=pd.NaT), HOUSEHOLDS),
        members=conform(facts.members.iloc[by_home].assign(name="", id_number=""), MEMBERS),
        member_start=np.r_[0, np.cumsum(sizes)].astype(np.int64),
        income_fen=income,
        num_persons=sizes.astype(np.int64),
        branch=_codes(households["branch"], pd.Index(BRANCHES)),
        status=_codes(households["benefit_status"], pd.Index(STATUSES)),
        employer=_codes(households["employer_id"], employers),
        district=_codes(households["district"], districts),
        decile=_deciles(income, sizes),
        employers=employers,
        districts=districts,
        employer_district=_codes(
            facts.employers.set_index("employer_id")["district"].reindex(employers), districts
        ),
        projects=facts.projects,
        homes=homes,
        lists=_lists(replace(facts, households=households), position, homes),
        nothing=Facts.empty(),
    )


def _codes(values: pd.Series, known: pd.Index) -> Ints:
    return positions_among(values.astype("str"), [str(name) for name in known])


def _deciles(income: Ints, sizes: Ints) -> Ints:
    """1 to 10 by income per head of the known ones; unknown incomes count with the lowest."""
    per_head = np.where(income < 0, 0, income) // np.maximum(sizes, 1)
    if not (income >= 0).any():
        return np.ones(len(income), dtype=np.int64)
    cuts = np.quantile(per_head[income >= 0], np.arange(1, NUM_DECILES) / NUM_DECILES, method="lower")
    return np.searchsorted(cuts, per_head, side="left").astype(np.int64) + 1


def _homes(facts: Facts, policy: Policy, employers: pd.Index, districts: pd.Index) -> Homes:
    projects = facts.projects.assign(head_lease_ends=pd.Series(pd.NaT, index=facts.projects.index))
    projects["head_lease_ends"] = projects["head_lease_ends"].astype("datetime64[s]")
    long_ago = pd.Series(pd.Timestamp(_LONG_AGO).as_unit("s"), index=facts.dwellings.index)
    dwellings = facts.dwellings.assign(available_on=long_ago, room_sex=_sexes(facts.dwellings))
    free = pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})
    plain = replace(facts, projects=projects, dwellings=dwellings)
    stock = stock_rules.open_stock(plain, policy.supply, policy.on, free)
    stock = pool_rules.with_pool_names(stock)
    pools = pool_rules.pools_of(stock)
    pool = positions_among(stock["pool"], pools["pool"])
    delivered = facts.dwellings.set_index("dwelling_id").loc[stock["dwelling_id"]]
    area_cm2 = delivered["building_area_cm2"].to_numpy(dtype=np.int64)
    rate = stock["rent_per_m2_fen"].to_numpy(dtype=np.int64)
    is_bed = (stock["kind"] == DwellingKind.BED).to_numpy(dtype=bool)
    goes_back = np.zeros(len(pools), dtype=bool)
    goes_back[pool] = stock["surplus_to_bureau"].to_numpy(dtype=bool)
    place = projects.set_index("project_id")["district"].reindex(pools["project_id"])
    return Homes(
        pool=pool,
        mode=_codes(stock["supply_mode"], pd.Index(MODES)),
        area_cm2=area_cm2,
        rate_fen=rate,
        rent_fen=monthly_rent_fen(area_cm2, rate, is_bed),
        is_bed=is_bed,
        suits_need=pool_rules.suits_need(stock, policy.supply).to_numpy(dtype=bool),
        is_accessible=stock["accessible"].fillna(value=False).to_numpy(dtype=bool),
        floor=stock["floor"].fillna(0).to_numpy(dtype=np.int64),
        dwelling_ids=stock["dwelling_id"],
        available_on=delivered["available_on"].to_numpy(dtype="datetime64[D]"),
        pools=pools,
        pool_type=_codes(pools["dwelling_type"], pd.Index(TYPES)),
        pool_employer=_codes(pools["employer_id"], employers),
        pool_goes_back=goes_back,
        pool_district=_codes(place, districts),
    )


def _sexes(dwellings: pd.DataFrame) -> Any:
    """The sex of each bed's room: as delivered, else six rooms in ten to men, by the room's own number."""
    rooms, names = pd.factorize(dwellings["project_id"] + "/" + dwellings["room_id"].fillna(""))
    drawn = uniforms(keys_of(0, 0, np.arange(len(names))), 0, Purpose.ROOM)
    made = np.where(drawn < _SHARE_OF_MEN, str(Sex.MALE), str(Sex.FEMALE))[rooms]
    is_bed = dwellings["kind"] == DwellingKind.BED
    known = dwellings["room_sex"].fillna("")
    by_room = known.groupby(rooms).transform("max")
    return by_room.where(by_room != "", pd.Series(made, index=dwellings.index)).where(is_bed).astype("str")


def _lists(facts: Facts, position: Ints, homes: Homes) -> Lists:
    """Every profile's list as pools, by the real function: any type, any employer's; who may take what comes later."""
    households = facts.households
    people = pd.DataFrame({"receipt_no": households["receipt_no"], "sex": _sex_of_singles(facts, position)})
    people = people.assign(employer_id="", **dict.fromkeys(TYPES, True))
    pools = homes.pools.assign(employer_id="")
    ranked = pool_rules.ranked_pools(facts.preferences, people, pools)
    counts = np.bincount(ranked["household"], minlength=len(households))
    return Lists(
        np.r_[0, np.cumsum(counts)].astype(np.int64),
        ranked["pool"].to_numpy(dtype=np.int64),
        ranked["rank"].to_numpy(dtype=np.int64),
    )


def _sex_of_singles(facts: Facts, position: Ints) -> Any:
    """The applicant's sex where one person applies: only they may take a bed."""
    alone = np.bincount(position[position >= 0], minlength=len(facts.households)) == 1
    sex = np.full(len(facts.households), "", dtype=object)
    sex[position[position >= 0]] = facts.members["sex"].to_numpy(dtype=object)[position >= 0]
    return np.where(alone, sex, "")


def moved_to(snapshot: Snapshot, lists: Lists, employer: int, district: int) -> Lists:
    """The lists when that employer has moved: its staff put the pools of the new district first, in their order."""
    owner = np.repeat(np.arange(len(snapshot)), np.diff(lists.start))
    is_staff = snapshot.employer[owner] == employer
    is_far = is_staff & (snapshot.homes.pool_district[lists.pool] != district)
    greatest = int(lists.rank.max()) + 1 if len(lists.rank) else 1
    rank = lists.rank + np.where(is_far, greatest, 0)
    order = np.lexsort((np.arange(len(rank)), rank, owner))
    return Lists(lists.start, lists.pool[order], rank[order])


@dataclass(frozen=True, eq=False)
class Who:
    """Households of the simulated city asked about: one entry each, by number.

    ``receipts`` (``receipts_of`` rising numbers), ``profile``, ``registered_on`` and ``came_on`` (datetime64[D]: the day they
    are aged to what they were delivered as), ``income_fen`` (``UNKNOWN``: no paper).
    """

    receipts: Any
    profile: Ints
    registered_on: Any
    came_on: Any
    income_fen: Ints

    def __len__(self) -> int:
        return len(self.profile)


def receipts_of(numbers: Ints) -> Any:
    """Receipt numbers of the simulated households; their text order is the order of the numbers."""
    return np.array([f"S{number:013d}" for number in numbers.tolist()], dtype=object)


def facts_of(snapshot: Snapshot, who: Who, on: date) -> Facts:
    """Their facts as the bureau would hold them on that day: papers of the month, members aged, no wishes."""
    receipts = pd.Series(who.receipts, dtype="str")
    households = snapshot.households.take(who.profile).reset_index(drop=True)
    income = pd.Series(who.income_fen, dtype="Int64")
    households["receipt_no"] = receipts
    households["registered_on"] = who.registered_on.astype("datetime64[s]")
    households["income_per_year_fen"] = income.mask(who.income_fen < 0)
    households["income_as_of"] = np.full(len(who), np.datetime64(on, "s"))
    elapsed = np.maximum((np.datetime64(on, "M") - who.came_on.astype("datetime64[M]")).astype(np.int64), 0)
    for name in ("social_insurance_months", "employment_months", "residence_permit_months"):
        households[name] = households[name] + elapsed
    return replace(snapshot.nothing, households=households, members=_members(snapshot, who, receipts))


def _members(snapshot: Snapshot, who: Who, receipts: pd.Series) -> pd.DataFrame:
    counts = snapshot.num_persons[who.profile]
    at = spread(snapshot.member_start[who.profile], counts)
    owner = np.repeat(np.arange(len(who)), counts)
    members = snapshot.members.take(at).reset_index(drop=True)
    members["receipt_no"] = receipts.take(owner).reset_index(drop=True)
    younger = (who.came_on - np.datetime64(snapshot.first_day, "D"))[owner]
    born = members["birth_date"].to_numpy(dtype="datetime64[D]") + younger
    members["birth_date"] = born.astype("datetime64[s]")
    return members


def spread(starts: Ints, counts: Ints) -> Ints:
    """All positions of the spans ``[start, start + count)``, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)
