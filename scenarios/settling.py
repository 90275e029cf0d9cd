"""The first day of a city that is known: its waiting list, its tenants and its dwellings, as they stand."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from allocator.policy.in_force import Policy
from scenarios import demand
from scenarios.city import GONE, HELD_BEFORE, City
from scenarios.snapshot import NOBODY, Ints, Standing

_FIRST_TENANT: Final = 2 * 10**9


def settle(city: City, standing: Standing, law: Policy, on: date) -> None:
    """Everybody in their place. Tenants of ``run.households`` beyond those known are drawn, in homes of their own."""
    num_drawn = city.scenario.run.households - len(standing.tenants)
    city.build(np.arange(num_drawn) % len(city.homes.pool))
    demand.draw_tenants(city, law, on, np.arange(num_drawn))
    city.build(np.arange(len(city.homes.pool)))
    city.tenant[num_drawn + np.flatnonzero(standing.opens_in > 0)] = GONE
    _let(city, standing, num_drawn, on)
    _queue(city, standing, on)


def _let(city: City, standing: Standing, first_home: int, on: date) -> None:
    numbers = _FIRST_TENANT + np.arange(len(standing.tenants))
    rows = city.add(numbers, standing.tenants, np.datetime64(on, "D"), -1)
    city.move_in(rows, first_home + standing.tenant_homes, -1)
    city.since[rows], city.arrived[rows], city.housed[rows] = standing.since, standing.since, HELD_BEFORE


def _queue(city: City, standing: Standing, on: date) -> None:
    day = np.datetime64(on, "D")
    numbers = demand.FIRST_WAITING + np.arange(len(standing.waiting))
    rows = city.add(numbers, standing.waiting, day, 0)
    registered = standing.registered_on
    known = np.where(np.isnat(registered), day, registered)
    city.registered_on[rows] = registered
    city.arrived[rows] = (known.astype("datetime64[M]") - np.datetime64(on, "M")).astype(np.int64)
    city.waivers[rows], city.lost[rows] = standing.num_waivers, standing.num_lost


def open_homes(city: City, standing: Standing, month: int) -> None:
    """Dwellings that can be let from this month on stand vacant."""
    num_drawn = city.scenario.run.households - len(standing.tenants)
    homes: Ints = num_drawn + np.flatnonzero(standing.opens_in == month)
    city.tenant[homes[city.tenant[homes] == GONE]] = NOBODY
