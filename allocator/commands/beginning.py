"""``--delivery`` and ``--store`` of the scenario commands: a bureau's own city instead of a synthetic one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import shared
from allocator.errors import WrongUsage

if TYPE_CHECKING:
    from scenarios.running import Checked
    from scenarios.start import Start

DeliveryOption = Annotated[
    Path | None,
    typer.Option(
        "--delivery",
        metavar="DIR",
        help="Begin with the waiting list and dwellings of these files / 以这批数据的轮候册与房源为期初",
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Begin with the waiting list, tenants and dwellings of this store / 以库中轮候册、承租人与房源为期初",
    ),
]


def start_of(
    delivery: Path | None, store: str | None, first: date, lang: str, *, shown: bool
) -> Start | None:
    """The city to begin with; ``None`` for a synthetic one. ``first``: the day on which leases must run."""
    from allocator.messages import text_of
    from allocator.progress import step

    if delivery is not None and store is not None:
        raise WrongUsage("scenario_two_starts")
    if delivery is None and store is None:
        return None
    from allocator.office import standing_city
    from scenarios.start import everybody_waits, no_tenants, start_of

    with step(text_of("scenario_reading", lang), shown=shown):
        if store is not None:
            found = standing_city.stored(store, first)
            return start_of("store", found.facts, found.waiting, found.tenants)
        facts = standing_city.delivered(Path(str(delivery)), lang)
        return start_of("delivery", facts, everybody_waits(facts), no_tenants())


def sizes(start: Start, households: int | None, waiting: int | None) -> dict[str, Any]:
    """Tenants and waiting households of the run: as they stand, and with a delivery the tenants asked for besides."""
    if waiting is not None:
        raise WrongUsage("scenario_waiting_known")
    if households is not None and len(start.tenants):
        raise WrongUsage("scenario_tenants_known")
    return {"households": len(start.tenants) + (households or 0), "waiting": len(start.waiting)}


def tell(scenario: Checked, lang: str) -> None:
    """What the run begins with, on stderr."""
    from allocator.messages import text_of
    from scenarios.running import began_with, snapshot_of

    if scenario.start is None:
        return
    standing = snapshot_of(scenario.scenario, scenario.book, scenario.start).standing
    left_out = 0 if standing is None else standing.left_out
    place = text_of(f"scenario_from_{scenario.start.kind}", lang)
    told = {**began_with(scenario.start), "left_out": left_out}
    shared.note(text_of("scenario_begins_with", lang, place=place, **told))


def words(delivery: Path | None, store: str | None) -> list[str]:
    """The two options as they were given, for the next command."""
    found = {"--delivery": delivery, "--store": store}
    return [str(word) for option, value in found.items() if value is not None for word in (option, value)]
