"""What households do: they refuse offers, and tenants wish to move. Choices hang on their own luck and on the terms."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from allocator import mechanisms, screening
from allocator.model.composition import Composition
from allocator.model.instance import UNASSIGNED, Instance
from allocator.policy.in_force import Policy
from scenarios.chance import Purpose, uniforms
from scenarios.city import NEVER, City, State, in_number_order, is_near
from scenarios.demand import workplaces
from scenarios.snapshot import NOBODY, TYPES, Bools, Ints, facts_of
from scenarios.solving import edges_of
from scenarios.tenures import Terms

_BURDEN_LINE: Final = 0.3
_WISH_LASTS: Final = 6
_MONTHS: Final = 12


def refuses(city: City, rows: Ints, homes: Ints, terms: Terms, month: int) -> Bools:
    """Whether each offer is refused: more often far away, and where more than 30 % of income would be left to pay."""
    habits = city.scenario.behaviour
    near = is_near(city, rows, homes, workplaces(city, month))
    income = city.income_fen[rows]
    burden = np.where(income > 0, terms.paid_fen * _MONTHS / np.maximum(income, 1), _BURDEN_LINE)
    more = habits.refuse_per_burden * np.maximum(burden - _BURDEN_LINE, 0.0)
    share = np.where(near, habits.refuse_near, habits.refuse_far) + more
    return np.asarray(uniforms(city.key[rows], month, Purpose.REFUSES) < share)


def waive(city: City, rows: Ints, law: Policy, month: int) -> Ints:
    """One waiver more for each; beyond the law's number the household must apply again. Gives the rows of these."""
    city.waivers[rows] += 1
    out = np.asarray(rows[city.waivers[rows] > law.tenancy.max_waivers])
    city.end_waiting(out, State.MUST_REAPPLY, month)
    return out


def transfer(city: City, law: Policy, on: date, month: int) -> Ints:
    """调房: who wishes to move trades places with the others and with what is vacant (``top_trading_cycles``).

    Gives the rows that moved. A wish lasts half a year; nobody ends worse than at home.
    """
    rows = _wishing(city, month)
    if not len(rows):
        return rows
    homes = city.homes
    own = homes.pool[city.template[city.home[rows]]]
    vacant = city.vacant()
    free = np.bincount(homes.pool[city.template[vacant]], minlength=len(homes.pools))
    capacity = free + np.bincount(own, minlength=len(homes.pools))
    assigned = _traded(city, rows, own, capacity, law, on)
    moves = (assigned != own) & (assigned != UNASSIGNED)
    movers, to = rows[moves], assigned[moves]
    by_pool = np.argsort(to, kind="stable")
    _move(city, movers[by_pool], to[by_pool], month)
    return np.asarray(movers)


def _wishing(city: City, month: int) -> Ints:
    rows = city.rows_in(State.TENANT)
    new = uniforms(city.key[rows], month, Purpose.WISHES_TRANSFER) < city.scenario.behaviour.wishes_transfer
    since = city.wishes_since[rows]
    city.wishes_since[rows[new & (since == NEVER)]] = month
    expired = (since != NEVER) & (month - since >= _WISH_LASTS)
    city.wishes_since[rows[expired]] = NEVER
    wishing = rows[(city.wishes_since[rows] != NEVER) & (city.leaves_in[rows] == NEVER)]
    wishing = in_number_order(city, wishing)
    return np.asarray(wishing[np.argsort(city.wishes_since[wishing], kind="stable")])


def _traded(city: City, rows: Ints, own: Ints, capacity: Ints, law: Policy, on: date) -> Ints:
    """The pool each holds afterwards; the order is that of the wishes."""
    by_number = np.argsort(city.number[rows], kind="stable")
    facts = facts_of(city.snapshot, city.who(rows[by_number]), on)
    entitled = screening.entitled(facts, law, on, composition=Composition.of(facts, on))[list(TYPES)]
    may_take = np.empty((len(rows), len(TYPES)), dtype=bool)
    may_take[by_number] = entitled.to_numpy(dtype=bool)
    owner, pool, rank = edges_of(
        city.current_lists,
        city.homes,
        city.profile[rows],
        may_take,
        city.snapshot.employer[city.profile[rows]],
        capacity > 0,
        np.where(city.homes.pool_goes_back, NOBODY, city.homes.pool_employer),
    )
    counts = np.bincount(owner, minlength=len(rows))
    pool_ids = [str(name) for name in city.homes.pools["pool"]]
    names = [str(number) for number in range(len(rows))]
    instance = Instance(
        household_ids=names,
        band=np.zeros(len(rows), dtype=np.int64),
        pool_ids=pool_ids,
        capacity=capacity.astype(np.int64),
        start=np.r_[0, np.cumsum(counts)].astype(np.int64),
        pool=pool,
        rank=rank,
        extensions={"current": {name: pool_ids[at] for name, at in zip(names, own.tolist(), strict=True)}},
    )
    return mechanisms.solve(instance, "top_trading_cycles").matching.assigned


def _move(city: City, movers: Ints, to: Ints, month: int) -> None:
    """Give each mover a home of its new pool: those that are vacant once all movers have left theirs."""
    since = city.since[movers].copy()
    city.tenant[city.home[movers]] = NOBODY
    city.home[movers] = NOBODY
    vacant = city.vacant()
    pool = city.homes.pool[city.template[vacant]]
    order = np.lexsort((vacant, pool))
    place = pd.Series(to).groupby(to).cumcount().to_numpy(dtype=np.int64)
    homes = vacant[order][np.searchsorted(pool[order], to, side="left") + place]
    city.move_in(movers, homes, month)
    city.since[movers] = since  # the review stays in its month
