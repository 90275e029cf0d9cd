"""A whole city month by month: the functions of the real month on columns, without the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from allocator.policy.book import PolicyBook
from allocator.policy.in_force import Policy
from scenarios import behaviour, demand, settling, tenures
from scenarios.allocating import hold_round
from scenarios.census import cells_of, census_of
from scenarios.city import GONE, HELD_BEFORE, NEVER, City, State, first_of, in_number_order
from scenarios.files import Scenario
from scenarios.lab_files import SECTION, SUBSIDY
from scenarios.results import Replication
from scenarios.snapshot import BRANCHES, MODES, STATUSES, Ints, Snapshot, facts_of, moved_to
from scenarios.tallies import Tally

# What each laboratory asks about.
_ABOUT: Final = {SECTION: census_of, SUBSIDY: cells_of}


@dataclass(eq=False)
class _Life:
    city: City
    book: PolicyBook
    tally: Tally
    law: Policy
    owed_places: dict[str, int] = field(default_factory=dict)


def simulate(
    scenario: Scenario,
    book: PolicyBook,
    snapshot: Snapshot,
    replication: int,
    *,
    told: Callable[[int], None] | None = None,
) -> Replication:
    """Let the city live its months under the book (the scenario's changes laid over it already).

    The first ``run.warm_up_months`` are the same in every scenario and count in no comparison. ``told`` hears of
    each month that is done. Raises what the real functions raise where a law cannot be run.
    """
    run = scenario.run
    city = City(scenario, snapshot, replication)
    law = book.in_force(first_of(run.start, 0))
    if snapshot.standing is None:
        demand.settle(city, law, first_of(run.start, 0))
    else:
        settling.settle(city, snapshot.standing, law, first_of(run.start, 0))
    life = _Life(city, book, Tally(run.months), law)
    labs: dict[str, pd.DataFrame] = {}
    for month in range(run.months):
        _live(life, month)
        if month == max(run.warm_up_months, 1) - 1:
            labs = {section: _ABOUT[section](city) for section in scenario.labs}
        if told is not None:
            told(month)
    monthly = life.tally.frame(scenario.name, replication, run.start, run.warm_up_months)
    return Replication(monthly, _households(city, scenario), labs)


def _live(life: _Life, month: int) -> None:
    """One month in the order of a bureau's desk: supply, exits, reviews, new cases, the round, transfers, money."""
    city, tally = life.city, life.tally
    on = first_of(city.scenario.run.start, month)
    _change_places(life, month)
    _move_employers(city, month)
    is_new_law = _begin_law(life, on, month)
    gone = demand.leaving_tenants(city, month)
    tally.add("exits", city, gone, month)
    city.move_out(gone, month)
    given_up = demand.leaving_list(city, month)
    tally.add("gave_up", city, given_up, month)
    city.end_waiting(given_up, State.GAVE_UP, month)
    if month or city.snapshot.standing is None:  # papers of a known city are of its first day
        demand.incomes_change(city, month)
    _review(life, on, month, everybody=is_new_law)
    tally.add("arrivals", city, demand.arrive(city, month), month)
    _round(life, on, month)
    moved = in_number_order(city, behaviour.transfer(city, life.law, on, month))
    tenures.set_money(city, moved, life.law, on, month)
    tally.add("transferred", city, moved, month)
    if month >= city.scenario.run.warm_up_months:
        tenures.live_a_month(city)
    tally.close(city, life.law, month)


def _begin_law(life: _Life, on: date, month: int) -> bool:
    """The law of the day; whether rents, reliefs or subsidies may differ from the month before."""
    before = life.law.model_dump(include={"tenancy", "supply"})
    life.law = life.book.in_force(on)
    since = month - life.city.scenario.run.warm_up_months
    begins = any(rule.from_month == since for rule in life.city.scenario.relief)
    return month == 0 or begins or before != life.law.model_dump(include={"tenancy", "supply"})


def _change_places(life: _Life, month: int) -> None:
    """Places that open, places built, and places given up as soon as they are vacant."""
    city = life.city
    if city.snapshot.standing is not None:
        settling.open_homes(city, city.snapshot.standing, month)
    since = month - city.scenario.run.warm_up_months
    for change in city.scenario.places:
        last = change.from_month if change.until_month is None else change.until_month
        if not change.from_month <= since <= last:
            continue
        if change.per_month >= 0:
            kinds = np.flatnonzero(city.homes.mode == MODES.index(change.mode))
            built = int((city.homes.mode[city.template] == MODES.index(change.mode)).sum())
            city.build(kinds[(built + np.arange(change.per_month)) % len(kinds)])
        else:
            owed = life.owed_places.get(change.mode, 0)
            life.owed_places[change.mode] = owed - change.per_month
    for mode, owed in life.owed_places.items():
        vacant = city.vacant()
        of_mode = vacant[city.homes.mode[city.template[vacant]] == MODES.index(mode)][:owed]
        city.tenant[of_mode] = GONE
        life.owed_places[mode] = owed - len(of_mode)


def _move_employers(city: City, month: int) -> None:
    """From the month an employer moves, the lists of its staff are other lists."""
    since = month - city.scenario.run.warm_up_months
    for change in city.scenario.demand.employers:
        if change.moves_to_district is not None and change.from_month == since:
            employer = int(city.snapshot.employers.get_indexer([change.employer])[0])
            district = int(city.snapshot.districts.get_indexer([change.moves_to_district])[0])
            city.lists = moved_to(city.snapshot, city.current_lists, employer, district)


def _review(life: _Life, on: date, month: int, *, everybody: bool) -> None:
    city = life.city
    due = tenures.due_for_review(city, month)
    facts = facts_of(city.snapshot, city.who(due), on)
    failed = tenures.review(city, due, facts, life.law, on, month)
    life.tally.add("reviewed", city, due, month)
    life.tally.add("review_failed", city, failed, month)
    if everybody:
        tenures.set_money(city, in_number_order(city, city.rows_in(State.TENANT)), life.law, on, month)
    else:
        tenures.set_money(city, due, life.law, on, month, facts)


def _round(life: _Life, on: date, month: int) -> None:
    """Offers of the round, answers, leases; who was on the roster in vain has lost a draw."""
    city, tally, law = life.city, life.tally, life.law
    held = hold_round(city, law, on, month)
    tally.add("turned_away", city, held.turned_away, month)
    city.end_waiting(held.turned_away, State.TURNED_AWAY, month)
    tally.add("eligible", city, held.roster.rows, month)
    tally.add("offers", city, held.offered, month)
    lost = np.setdiff1d(held.roster.rows, held.offered, assume_unique=True)
    city.lost[lost] += 1
    terms = tenures.terms_of(city, held.offered, held.homes, law, on, month)
    refused = behaviour.refuses(city, held.offered, held.homes, terms, month)
    tally.add("refused", city, held.offered[refused], month)
    tally.add("must_reapply", city, behaviour.waive(city, held.offered[refused], law, month), month)
    rows, homes = held.offered[~refused], held.homes[~refused]
    city.move_in(rows, homes, month)
    city.housed[rows] = month
    tenures.set_terms(city, rows, terms.of(~refused))
    tally.add("housed", city, rows, month)
    tally.add("waited_months_sum", city, rows, month, month - city.arrived[rows])
    tally.add_housed(city, homes, month)


def _households(city: City, scenario: Scenario) -> pd.DataFrame:
    """One row per household that was in the city after the warm-up, by number."""
    run = scenario.run
    rows = np.flatnonzero((city.ended == NEVER) | (city.ended >= run.warm_up_months))
    rows = in_number_order(city, rows)
    profile, counted = city.profile[rows], run.months - run.warm_up_months
    lived = city.tenant_months[rows]
    names = np.array([state.name.lower() for state in State], dtype=object)
    return pd.DataFrame(
        {
            "scenario": scenario.name,
            "replication": np.int64(city.replication),
            "household": city.number[rows],
            "branch": np.array([*BRANCHES, ""], dtype=object)[city.snapshot.branch[profile]],
            "decile": city.snapshot.decile[profile],
            "persons": city.snapshot.num_persons[profile],
            "benefit_status": np.array([*STATUSES, ""], dtype=object)[city.snapshot.status[profile]],
            "arrived": city.arrived[rows],
            "housed_month": city.housed[rows],
            "waited_months": _waited(city, rows, run.months),
            "tenant_months": lived,
            "outcome": names[city.state[rows]],
            "benefit_fen_per_month": city.benefit_fen[rows] // counted,
            "paid_fen_per_month": city.paid_fen[rows] // np.maximum(lived, 1),
        }
    )


def _waited(city: City, rows: Ints, months: int) -> Ints:
    """Months from the application until housed, off the list, or the end; 0 for who was a tenant before."""
    ended = np.where(city.ended[rows] == NEVER, months, city.ended[rows])
    until = np.where(city.housed[rows] >= 0, city.housed[rows], ended)
    return np.asarray(np.where(city.housed[rows] == HELD_BEFORE, 0, until - city.arrived[rows]))
