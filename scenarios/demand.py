"""Who is there at the start, who comes, who goes, and how incomes move: demand, in columns."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator import screening
from allocator.model.composition import Composition
from allocator.model.enums import DwellingType, Sex, Verdict
from allocator.policy.in_force import Policy
from allocator.rounds.screened import sex_of_singles
from scenarios.chance import Purpose, keys_of, normals, poisson, uniforms
from scenarios.city import City, State, first_of
from scenarios.files import EmployerChange
from scenarios.snapshot import BRANCHES, NOBODY, TYPES, UNKNOWN, Ints, Who, facts_of, receipts_of

_PLACES_PER_TENANT: Final = 1.02
FIRST_WAITING: Final = 10**9
_PER_MONTH: Final = 10**10
_PER_EMPLOYER: Final = 10**7
_MEAN_WAIT_DAYS, _LONGEST_WAIT_DAYS = 420, 1795
_STEP_FEN: Final = 100


def settle(city: City, law: Policy, on: date) -> None:
    """The start: homes, their sitting tenants, and the waiting list, all eligible under the law of that day."""
    run = city.scenario.run
    num_homes = round(run.households * _PLACES_PER_TENANT)
    city.build(np.arange(num_homes) % len(city.homes.pool))
    keys = keys_of(run.seed, city.replication, np.arange(num_homes))
    taken = np.sort(np.argsort(uniforms(keys, -1, Purpose.SINCE), kind="stable")[: run.households])
    _queue(city, draw_tenants(city, law, on, taken), on)


def draw_tenants(city: City, law: Policy, on: date, taken: Ints) -> pd.DataFrame:
    """Let these homes to profiles that may live there under the law of that day; gives what profiles may (``_able``)."""
    able = _able(city, law, on)
    profile = _profiles_for(city, taken, able)
    taken, profile = taken[profile != NOBODY], profile[profile != NOBODY]
    rows = city.add(taken, profile, np.datetime64(on, "D"), -1)
    since = -1 - (uniforms(city.key[rows], -1, Purpose.EXITS) * law.tenancy.lease_months).astype(np.int64)
    city.move_in(rows, taken, -1)
    city.since[rows], city.arrived[rows], city.housed[rows] = since, since, -2
    return able


def _able(city: City, law: Policy, on: date) -> pd.DataFrame:
    """Per profile: ``eligible``, ``sex`` where one person lives alone, and one column per type it may take."""
    snapshot = city.snapshot
    num = len(snapshot)
    day = np.full(num, np.datetime64(on, "D"))
    who = Who(receipts_of(np.arange(num)), np.arange(num), day, day, snapshot.income_fen)
    facts = facts_of(snapshot, who, on)
    people = Composition.of(facts, on)
    verdicts = screening.screen(facts, law, on, composition=people).verdicts["verdict"]
    types = screening.entitled(facts, law, on, composition=people)
    return types.assign(eligible=verdicts == Verdict.ELIGIBLE, sex=sex_of_singles(people))


def _profiles_for(city: City, taken: Ints, able: pd.DataFrame) -> Ints:
    """For each home a profile that may live there (``NOBODY``: none may), by the home's own luck."""
    run, homes = city.scenario.run, city.homes
    pool = homes.pool[city.template[taken]]
    drawn = uniforms(keys_of(run.seed, city.replication, taken), -1, Purpose.PROFILE)
    eligible = able["eligible"].to_numpy(dtype=bool)
    sex = able["sex"].to_numpy(dtype=object)
    pool_sex = homes.pools["sex"].fillna("").to_numpy(dtype=object)
    profile = np.full(len(taken), NOBODY, dtype=np.int64)
    for number in np.unique(pool):
        kind = TYPES[homes.pool_type[number]]
        fits = eligible & able[kind].to_numpy(dtype=bool)
        if kind == DwellingType.BED and pool_sex[number] in {Sex.MALE, Sex.FEMALE}:
            fits &= sex == pool_sex[number]
        staff = fits & (city.snapshot.employer == homes.pool_employer[number])
        of_own = homes.pool_employer[number] != NOBODY and staff.any()
        candidates = np.flatnonzero(staff if of_own else fits)
        here = pool == number
        if len(candidates):
            profile[here] = candidates[(drawn[here] * len(candidates)).astype(np.int64)]
    return profile


def _queue(city: City, able: pd.DataFrame, on: date) -> None:
    run = city.scenario.run
    candidates = np.flatnonzero(able["eligible"])
    if not run.waiting or not len(candidates):
        return
    numbers = FIRST_WAITING + np.arange(run.waiting)
    drawn = uniforms(keys_of(run.seed, city.replication, numbers), -1, Purpose.PROFILE)
    day = np.datetime64(on, "D")
    rows = city.add(numbers, candidates[(drawn * len(candidates)).astype(np.int64)], day, 0)
    waited = -_MEAN_WAIT_DAYS * np.log1p(-uniforms(city.key[rows], -1, Purpose.SINCE))
    registered = day - np.minimum(waited, _LONGEST_WAIT_DAYS).astype(np.int64).astype("timedelta64[D]")
    city.registered_on[rows] = registered
    months = np.datetime64(on, "M") - registered.astype("datetime64[M]")
    city.arrived[rows] = -months.astype(np.int64)


def arrive(city: City, month: int) -> Ints:
    """The new applications of the month; gives their rows."""
    scenario = city.scenario
    on = first_of(scenario.run.start, month)
    season = np.array(scenario.demand.season)
    mean = scenario.demand.arrivals_per_month * city.size * season[on.month - 1] / season.mean()
    luck = keys_of(scenario.run.seed, city.replication, [-1 - month])
    num = poisson(float(uniforms(luck, month, Purpose.ARRIVALS)[0]), mean)
    numbers = (month + 1) * _PER_MONTH + np.arange(num)
    profile = _drawn_profiles(city, numbers, np.arange(len(city.snapshot)))
    blocks = [(numbers, profile)]
    for change in in_force(city, month):
        blocks = [_without_staff(city, block, change, month) for block in blocks]
        blocks.append(_more_staff(city, change, mean, month))
    numbers, profile = (np.concatenate([block[part] for block in blocks]) for part in (0, 1))
    rows = city.add(numbers, profile, np.datetime64(on, "D"), month)
    days = 1 + (uniforms(city.key[rows], month, Purpose.SINCE) * 28).astype(np.int64)
    city.registered_on[rows] -= days.astype("timedelta64[D]")
    return rows


def in_force(city: City, month: int) -> list[EmployerChange]:
    """The changes at employers that have begun."""
    begun = month - city.scenario.run.warm_up_months
    return [change for change in city.scenario.demand.employers if change.from_month <= begun]


def _drawn_profiles(city: City, numbers: Ints, candidates: Ints) -> Ints:
    keys = keys_of(city.scenario.run.seed, city.replication, numbers)
    return np.asarray(candidates[(uniforms(keys, -1, Purpose.PROFILE) * len(candidates)).astype(np.int64)])


def _employer(city: City, change: EmployerChange) -> int:
    return int(city.snapshot.employers.get_indexer([change.employer])[0])


def _without_staff(
    city: City, block: tuple[Ints, Ints], change: EmployerChange, month: int
) -> tuple[Ints, Ints]:
    """A shrinking employer: so large a share of its staff does not apply."""
    if change.growth >= 0:
        return block
    numbers, profile = block
    keys = keys_of(city.scenario.run.seed, city.replication, numbers)
    stays_away = uniforms(keys, month, Purpose.STAFF_STAYS_AWAY) < -change.growth
    kept = ~(stays_away & (city.snapshot.employer[profile] == _employer(city, change)))
    return numbers[kept], profile[kept]


def _more_staff(city: City, change: EmployerChange, mean: float, month: int) -> tuple[Ints, Ints]:
    """A growing employer: more of its staff apply, beside everybody who would have come anyhow."""
    employer = _employer(city, change)
    staff = np.flatnonzero(city.snapshot.employer == employer)
    if change.growth <= 0 or not len(staff):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    luck = keys_of(city.scenario.run.seed, city.replication, [-(10**6) * (employer + 1) - month])
    share = len(staff) / len(city.snapshot)
    num = poisson(float(uniforms(luck, month, Purpose.ARRIVALS)[0]), mean * share * change.growth)
    numbers = (month + 1) * _PER_MONTH + FIRST_WAITING + employer * _PER_EMPLOYER + np.arange(num)
    return numbers, _drawn_profiles(city, numbers, staff)


def leaving_tenants(city: City, month: int) -> Ints:
    """Rows of the tenants who leave of themselves this month."""
    rows = city.rows_in(State.TENANT)
    profile, keys = city.profile[rows], city.key[rows]
    share = np.array([getattr(city.scenario.demand.exits, name) for name in BRANCHES])
    leaves = uniforms(keys, month, Purpose.EXITS) < share[city.snapshot.branch[profile]]
    for change in in_force(city, month):
        is_staff = city.snapshot.employer[profile] == _employer(city, change)
        leaves |= is_staff & (uniforms(keys, month, Purpose.STAFF_LEAVES) < change.leaving)
    return np.asarray(rows[leaves | ((city.leaves_in[rows] >= 0) & (city.leaves_in[rows] <= month))])


def leaving_list(city: City, month: int) -> Ints:
    """Rows of those who give up waiting this month."""
    rows = city.rows_in(State.WAITING)
    gives_up = uniforms(city.key[rows], month, Purpose.LEAVES_LIST) < city.scenario.demand.leaves_list
    return np.asarray(rows[gives_up])


def incomes_change(city: City, month: int) -> None:
    """Once a year from its application on, each household's income grows by the common share and its own luck."""
    is_due = (city.state <= State.TENANT) & (month > city.arrived) & ((month - city.arrived) % 12 == 0)
    rows = np.flatnonzero(is_due & (city.income_fen > 0))
    demand = city.scenario.demand
    spread: Any = demand.income_spread
    growth = np.exp(spread * normals(city.key[rows], month) - spread * spread / 2) * (
        1 + demand.income_growth
    )
    steps = np.floor(city.income_fen[rows] / _STEP_FEN * growth + 0.5).astype(np.int64)
    city.income_fen[rows] = np.maximum(steps, 0) * _STEP_FEN


def workplaces(city: City, month: int) -> Ints:
    """District of each employer this month."""
    districts = city.snapshot.employer_district.copy()
    for change in in_force(city, month):
        if change.moves_to_district is not None:
            place = city.snapshot.districts.get_indexer([change.moves_to_district])[0]
            districts[_employer(city, change)] = place if place >= 0 else UNKNOWN
    return np.asarray(districts)
