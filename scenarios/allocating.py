"""The month's round without store and papers: the real screening, bands, draw and mechanism on columns.

The steps are those of ``rounds.freeze`` and ``rounds.allocation``, on pool numbers instead of names; a test holds
the people and pools equal to theirs. Employers' own stocks are disjoint in homes and people, so that one instance
holds all their sub-rounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.enums import Verdict
from allocator.model.facts import Facts
from allocator.model.instance import UNASSIGNED
from allocator.model.lookups import positions_among
from allocator.policy.in_force import Policy
from allocator.ranking import draw
from allocator.rounds.declared import declared_of
from allocator.rounds.freeze import EMPLOYER_PREFIX, NEED, PUBLIC, bands_of, shortlisted
from allocator.rounds.screened import screen
from allocator.rounds.shortlist import NO_DATE, last_days
from scenarios.chance import draw_seed
from scenarios.city import City, State, in_number_order
from scenarios.snapshot import NOBODY, TYPES, Bools, Ints, facts_of
from scenarios.solving import Drawn, Market, dense, edges_of, places_filled, solved

_CLOSED: Final = -2


@dataclass(frozen=True, eq=False)
class Roster:
    """Eligible households by number: rows of the city and what the round reads of each."""

    rows: Ints
    receipts: Any
    profile: Ints
    group: Ints
    points: Ints
    may_take: Bools
    is_in_need: Bools
    employer: Ints
    people: pd.DataFrame
    facts: Facts

    def __len__(self) -> int:
        return len(self.rows)

    def bands(self, law: Policy, some: Ints) -> Ints:
        """Dense bands of some of them."""
        ranked = [name for name in ("priority_group", "points", "tie_break") if name in self.people]
        return bands_of(self.people.iloc[some][ranked], law)


@dataclass(frozen=True, eq=False)
class Round:
    """``roster``: who took part; ``turned_away``: rows found ineligible; offers: rows and homes, by number."""

    roster: Roster
    turned_away: Ints
    offered: Ints
    homes: Ints


@dataclass(frozen=True, eq=False)
class _Draft:
    """A frozen sub-round: places in the roster of its people, its homes in published order, whose pools are whose.

    ``last_day``: by pool the last day of registration that is shortlisted, where the law shortlists by project.
    """

    name: str
    people: Ints
    homes: Ints
    employer_of: Ints
    last_day: Any = None


def hold_round(city: City, law: Policy, on: date, month: int) -> Round:
    """Screen the waiting list, freeze the sub-rounds, draw, and let the policy's mechanism allocate."""
    rows = in_number_order(city, city.rows_in(State.WAITING))
    roster, turned_away = _screened(city, rows, law, on)
    drafts = _frozen(city, roster, law)
    seed = draw_seed(city.scenario.run.seed, city.replication, month)
    home = np.full(len(roster), NOBODY, dtype=np.int64)
    for draft in drafts:
        if not len(draft.people) or not len(draft.homes):
            continue
        # Who has a home from an earlier sub-round is out.
        people = draft.people[home[draft.people] == NOBODY]
        market = _market(city, roster, people, _capacity(city, draft.homes), draft.employer_of, law)
        if draft.last_day is not None:
            market = _reached(market, _days(roster)[people], draft.last_day)
        if draft.name == PUBLIC and law.allocation.declares:
            market = _with_rules(market, roster, city.homes.pools, draft.name, people, law)
        order, assigned = solved(
            market, _drawn(roster, draft.name, people, market.band, seed), law.allocation, seed
        )
        home[people[order]] = _places(city, roster, people[order], assigned, draft, law, seed)
    is_offered = home != NOBODY
    return Round(roster, turned_away, roster.rows[is_offered], home[is_offered])


def _screened(city: City, rows: Ints, law: Policy, on: date) -> tuple[Roster, Ints]:
    facts = facts_of(city.snapshot, city.who(rows), on)
    receipts = city.receipt[rows]
    has_history = city.waivers[rows] > 0
    standings = pd.DataFrame(
        {
            "receipt_no": pd.Series(receipts[has_history], dtype="str"),
            "state": pd.Series("WAITING", index=range(int(has_history.sum())), dtype="str"),
            "num_waivers": city.waivers[rows][has_history],
        }
    )
    people = screen(facts, law, on, standings, lost_rounds=pd.Series(city.lost[rows])).people
    verdict = people["verdict"].to_numpy(dtype=object)
    at = np.flatnonzero(verdict == Verdict.ELIGIBLE)
    profile = city.profile[rows[at]]
    roster = Roster(
        rows=rows[at],
        receipts=receipts[at],
        profile=profile,
        group=people["priority_group"].to_numpy(dtype=np.int64)[at],
        points=people["points"].to_numpy(dtype=np.int64)[at],
        may_take=people[list(TYPES)].to_numpy(dtype=bool)[at],
        is_in_need=people["is_in_need"].to_numpy(dtype=bool)[at],
        employer=city.snapshot.employer[profile],
        people=people.iloc[at],
        facts=replace(facts, projects=city.snapshot.projects),
    )
    return roster, rows[verdict == Verdict.INELIGIBLE]


def _frozen(city: City, roster: Roster, law: Policy) -> list[_Draft]:
    """The sub-rounds in the policy's order, as ``rounds.freeze.sub_rounds`` forms them."""
    homes = city.homes
    stock = city.vacant()
    employer_of = homes.pool_employer.copy()
    drafts: list[_Draft] = []
    for kind in law.supply.sub_rounds:
        if kind == NEED:
            suits = homes.suits_need[city.template[stock]]
            needy = np.flatnonzero(roster.is_in_need)
            stock = _kept(city, drafts, NEED, stock[suits], needy, roster, stock, employer_of, law)
        elif kind == "employer":
            own = employer_of[homes.pool[city.template[stock]]] >= 0
            staff = np.flatnonzero(roster.employer >= 0)
            only_own = np.where(employer_of >= 0, employer_of, _CLOSED)
            stock = _kept(city, drafts, EMPLOYER_PREFIX, stock[own], staff, roster, stock, only_own, law)
            surplus = np.where(homes.pool_goes_back, NOBODY, _CLOSED)
            employer_of = np.where(employer_of >= 0, surplus, employer_of)
        else:
            is_public = employer_of == NOBODY
            open_homes = stock[is_public[homes.pool[city.template[stock]]]]
            only_public = np.where(is_public, NOBODY, _CLOSED)
            drafts.append(_public(city, roster, _in_place_order(city, open_homes, False), only_public, law))
    return drafts


def _public(city: City, roster: Roster, homes: Ints, only_public: Ints, law: Policy) -> _Draft:
    """What is left, among those the law shortlists for it: over the whole sub-round, or project by project."""
    rule = law.ranking.shortlist
    if rule is None or rule.per == "round":
        return _Draft(PUBLIC, _shortlisted(roster, len(homes), law), homes, only_public)
    everybody = np.arange(len(roster))
    capacity = _capacity(city, homes)
    market = _market(city, roster, everybody, capacity, only_public, law)
    project = pd.factorize(city.homes.pools["project_id"])[0].astype(np.int64)
    places = np.bincount(project, weights=capacity).astype(np.int64)
    last = last_days(market.owner, project[market.pool], _days(roster), places, rule)[project]
    # Who listed something and keeps nothing of it is not on the roster.
    lost = np.bincount(market.owner, minlength=len(roster)) > 0
    lost[_reached(market, _days(roster), last).owner] = False
    return _Draft(PUBLIC, everybody[~lost], homes, only_public, last)


def _days(roster: Roster) -> Any:
    """(n,) registration of each household; without one it comes after every date."""
    registered = roster.facts.households.set_index("receipt_no")["registered_on"].reindex(roster.receipts)
    return registered.fillna(NO_DATE).to_numpy(dtype="datetime64[s]")


def _reached(market: Market, days: Any, last_day: Any) -> Market:
    """Only the wishes that the household's day of registration reaches, ranks dense again."""
    kept = days[market.owner] <= last_day[market.pool]
    owner = market.owner[kept]
    return replace(market, owner=owner, pool=market.pool[kept], rank=dense(owner, market.rank[kept]))


def _shortlisted(roster: Roster, places: int, law: Policy) -> Ints:
    """入围 by the real function; places in the roster."""
    everybody = np.arange(len(roster))
    rule = law.ranking.shortlist
    if rule is None or not len(roster):
        return everybody
    people = pd.DataFrame({"receipt_no": pd.Series(roster.receipts, dtype="str")})
    stock = pd.DataFrame({"employer_id": [""] * places})
    chosen = shortlisted(people, roster.facts, stock, rule)["receipt_no"]
    return np.sort(positions_among(chosen, roster.receipts))


def _kept(
    city: City,
    drafts: list[_Draft],
    name: str,
    offered: Ints,
    people: Ints,
    roster: Roster,
    stock: Ints,
    employer_of: Ints,
    law: Policy,
) -> Ints:
    """Keep the places these people are going to fill, counted before the seed; give back the rest of the stock."""
    if not len(offered) or not len(people):
        return stock
    market = _market(city, roster, people, _capacity(city, offered), employer_of, law)
    points = roster.points[people]

    def by_receipt(some: Ints) -> Ints:
        return np.asarray(some[np.lexsort((some, -points[some], market.band[some]))])

    loads = places_filled(market, by_receipt, law.allocation)
    ordered = _in_place_order(city, offered, name == NEED)
    pool = city.homes.pool[city.template[ordered]]
    kept = ordered[_place_in_pool(pool) < loads[pool]]
    drafts.append(_Draft(name, people, kept, employer_of))
    return np.asarray(stock[~np.isin(stock, kept)])


def _in_place_order(city: City, homes: Ints, need_first: bool) -> Ints:
    """The published order inside each pool (``supply.pools.places_of``)."""
    pool = city.homes.pool[city.template[homes]]
    if not need_first:
        return np.asarray(homes[np.lexsort((homes, pool))])
    template = city.template[homes]
    later = ~city.homes.is_accessible[template]
    return np.asarray(homes[np.lexsort((homes, city.homes.floor[template], later, pool))])


def _place_in_pool(pool: Ints) -> Ints:
    """Place from 0 of each entry among those of its pool; the entries are sorted by pool."""
    first = np.searchsorted(pool, pool, side="left")
    return np.asarray(np.arange(len(pool)) - first)


def _capacity(city: City, homes: Ints) -> Ints:
    return np.bincount(city.homes.pool[city.template[homes]], minlength=len(city.homes.pools))


def _market(
    city: City, roster: Roster, people: Ints, capacity: Ints, employer_of: Ints, law: Policy
) -> Market:
    owner, pool, rank = edges_of(
        city.current_lists,
        city.homes,
        roster.profile[people],
        roster.may_take[people],
        roster.employer[people],
        capacity > 0,
        employer_of,
    )
    market = Market(roster.bands(law, people), owner, pool, rank, capacity, city.homes.pool_names)
    assigned = [place for place, group in enumerate(law.ranking.groups) if group.assigned_any]
    some = np.flatnonzero(np.isin(roster.group[people], assigned))
    return _with_everything(city, roster, people, market, some, employer_of) if len(some) else market


def _with_everything(
    city: City, roster: Roster, people: Ints, market: Market, some: Ints, employer_of: Ints
) -> Market:
    """直接配租 (``rounds.freeze.with_assignment``): behind the lists of ``some`` every open pool they may take."""
    open_pools = np.flatnonzero(market.capacity > 0)
    owner, pool = np.repeat(some, len(open_pools)), np.tile(open_pools, len(some))
    whose = employer_of[pool]
    may = roster.may_take[people[owner], city.homes.pool_type[pool]]
    may &= (whose == NOBODY) | (whose == roster.employer[people[owner]])
    sex, of_room = roster.people["sex"].to_numpy(dtype=object), city.homes.pools["sex"].to_numpy(dtype=object)
    may &= (of_room[pool] == "") | (of_room[pool] == sex[people[owner]])
    num_pools = len(market.capacity)
    may &= ~np.isin(owner * num_pools + pool, market.owner * num_pools + market.pool)
    owner, pool = owner[may], pool[may]
    last = np.zeros(len(people), dtype=np.int64)
    np.maximum.at(last, market.owner, market.rank)
    owner = np.concatenate((market.owner, owner))
    pool = np.concatenate((market.pool, pool))
    rank = np.concatenate((market.rank, last[owner[len(market.rank) :]] + 1))
    along = np.lexsort((city.homes.pool_turn[pool], rank, owner))
    return replace(market, owner=owner[along], pool=pool[along], rank=rank[along])


def _with_rules(
    market: Market, roster: Roster, pools: pd.DataFrame, name: str, people: Ints, law: Policy
) -> Market:
    """The market with the declared groups, priorities, reserves and quotas resolved for it."""
    codes = np.array(_codes(roster, name, people), dtype=object)
    is_open = market.capacity > 0
    pools = pools.assign(capacity=market.capacity)[is_open].reset_index(drop=True)
    some = roster.people.iloc[people].reset_index(drop=True)
    named = pd.DataFrame({"receipt_no": some["receipt_no"], "code": pd.Series(codes, dtype="str")})
    declared = declared_of(some, named, pools, roster.facts, law)
    return replace(market, declared=declared, codes=codes)


def _codes(roster: Roster, name: str, people: Ints) -> list[str]:
    """A household's code: its own in each sub-round."""
    return [f"{name}/{receipt}" for receipt in roster.receipts[people]]


def _drawn(roster: Roster, name: str, people: Ints, bands: Ints, seed: str) -> Drawn:
    """The published order: band, points, ticket."""

    def drawn(some: Ints) -> Ints:
        codes = _codes(roster, name, people[some])
        points = roster.points[people[some]]
        frame = pd.DataFrame({"code": pd.Series(codes, dtype="str"), "band": bands[some], "points": points})
        return np.asarray(some[positions_among(draw.order_of(frame, seed)["code"], codes)])

    return drawn


def _places(
    city: City, roster: Roster, order: Ints, assigned: Ints, draft: _Draft, law: Policy, seed: str
) -> Ints:
    """The home of each household of the order inside its pool: in published order, or by a second ticket."""
    homes = np.full(len(order), NOBODY, dtype=np.int64)
    housed = np.flatnonzero(assigned != UNASSIGNED)
    turn: Any = housed
    if law.allocation.dwelling_rule == "ticket":
        codes = _codes(roster, draft.name, order[housed])
        turn = np.array(draw.tickets(seed, "dwelling", codes), dtype="U64")
    by_pool = housed[np.lexsort((turn, assigned[housed]))]
    pool = city.homes.pool[city.template[draft.homes]]
    first = np.searchsorted(pool, assigned[by_pool], side="left")
    homes[by_pool] = draft.homes[first + _place_in_pool(assigned[by_pool])]
    return homes
