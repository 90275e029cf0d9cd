"""A synthetic city (and its next month) as facts. No person in it is real; every share is a modelling choice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.errors import WrongUsage
from allocator.model.columns import TABLES
from allocator.model.facts import Facts, conform
from allocator.model.month import month_of
from scenarios.asking import preferences
from scenarios.housing import dwellings, employers, projects
from scenarios.people import people
from scenarios.worlds import world_named

_CITY, _NEXT = 1, 2


def city(num_households: int, seed: int, world: str = "shortage", *, month: str = "2026-03") -> Facts:
    """A city of ``num_households`` as it stands on the first day of ``month``.

    The same arguments give the same rows on any machine. Worlds: ``scenarios.worlds.WORLDS``. Raises
    ``WrongUsage`` on an unknown world, a malformed month, a negative seed or no household.
    """
    shape, first_day = world_named(world), _first_day(month)
    generator = _generator(num_households, seed, _CITY, first_day)
    places = max(round(num_households * shape.places_per_household), 1)
    staffed = employers(num_households, generator)
    employer_ids = staffed["employer_id"].to_numpy()
    built = projects(places, first_day, employer_ids, generator)
    homes = dwellings(built, places, shape, first_day, generator)
    asking = people(num_households, shape, first_day, employer_ids, generator)
    wishes = preferences(asking, built, homes, generator)
    return _facts(staffed, built, homes, asking.households, asking.members, wishes)


def next_delivery(
    facts: Facts,
    month: str,
    seed: int,
    *,
    world: str = "shortage",
    num_households: int | None = None,
    num_dwellings: int | None = None,
) -> Facts:
    """The delivery of a later month to the same city: new households (default: a tenth) and dwellings.

    Employers and projects come again unchanged; ``facts`` must hold all that was delivered before, since
    numbers run on from it. Raises as ``city``.
    """
    shape, first_day = world_named(world), _first_day(month)
    num = max(len(facts.households) // 10, 1) if num_households is None else num_households
    places = max(len(facts.dwellings) // 10, 1) if num_dwellings is None else num_dwellings
    generator = _generator(num, seed, _NEXT, first_day)
    number = _last_number(facts.dwellings["dwelling_id"], r"^D(\d+)$") + 1
    homes = dwellings(facts.projects, places, shape, first_day, generator, first_number=number)
    asking = people(
        num,
        shape,
        first_day,
        facts.employers["employer_id"].sort_values().to_numpy(),
        generator,
        first_number=_last_number(facts.households["receipt_no"], r"^SL\d{4}(\d+)$") + 1,
        taken=facts.members["id_number"],
    )
    _register_lately(asking.households, first_day, generator)
    known = pd.concat([facts.dwellings, homes], ignore_index=True)
    wishes = preferences(asking, facts.projects, known, generator)
    return _facts(facts.employers, facts.projects, homes, asking.households, asking.members, wishes)


def _first_day(month: str) -> np.datetime64:
    return np.datetime64(month_of(month) + "-01", "D")


def _generator(num_households: int, seed: int, purpose: int, first_day: np.datetime64) -> np.random.Generator:
    if num_households < 1:
        raise WrongUsage("city_too_small", value=num_households)
    if seed < 0:
        raise WrongUsage("seed_negative", value=seed)
    return np.random.default_rng([seed, purpose, int(first_day.astype("datetime64[M]").astype(np.int64))])


def _last_number(names: pd.Series, pattern: str) -> int:
    numbers = names.astype("str").str.extract(pattern, expand=False).dropna()
    return int(numbers.astype("int64").max()) if len(numbers) else 0


def _register_lately(
    households: pd.DataFrame, first_day: np.datetime64, generator: np.random.Generator
) -> None:
    """Who comes with the next delivery registered in the month before it."""
    days = generator.integers(1, 28, len(households)).astype("timedelta64[D]")
    households["registered_on"] = first_day - days


def _facts(*frames: pd.DataFrame) -> Facts:
    """The frames in the order of ``TABLES``, each in its schema."""
    return Facts(**{table.name: conform(frame, table) for table, frame in zip(TABLES, frames, strict=True)})
