"""The laboratories beside the simulation: rent-to-own and subsidies asked about the tenants of the simulated city.

The law is that of the scenario, its changes laid over, on the first day after the warm-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.errors import Refused
from allocator.messages import LANGUAGES
from allocator.policy.faults import Faults
from allocator.policy.in_force import Policy
from scenarios import ownership, subsidy_lab
from scenarios.census import LEAST_TENANTS, in_steps, pooled
from scenarios.comparisons import csv_of
from scenarios.files import Scenario
from scenarios.lab_files import SECTION, SUBSIDY, document_of, subsidy_document
from scenarios.reading import refuse_faults
from scenarios.results import Lab, as_json, write_whole
from scenarios.subsidy_cliffs import law_of
from scenarios.subsidy_lab_files import SubsidyFile
from scenarios.subsidy_lab_page import PAGE, page_of
from scenarios.subsidy_people import of_cells

# Tenants at the start, so that there are still enough of them after the warm-up.
LEAST_AT_START: Final = 2 * LEAST_TENANTS


def check_sections(
    scenario: Scenario, law: Policy, on: date, file: str, faults: Faults, is_known: bool
) -> None:
    """What the law says of sale and subsidy, and whether the city can be asked about; ``is_known``: it is a bureau's own."""
    if scenario.rent_to_own is not None:
        asked = document_of(scenario.rent_to_own, {}, file, faults)
        if asked is not None:
            ownership.check_sale(asked, law, on, file, f"{SECTION}.", faults)
        if scenario.rent_to_own["city"]:
            _check_size(scenario, f"{SECTION}.city", file, faults)
    if scenario.subsidy is not None:
        own = Faults()
        wanted = None if len(faults) else _subsidy(scenario, on, file, own)
        if wanted is not None:
            law_of(wanted, file, own)
        for fault in own.listed():
            faults.add(
                fault.code, fault.file, f"{SUBSIDY}.{fault.key.removeprefix(f'{SUBSIDY}.')}", **fault.params
            )
        _check_size(scenario, SUBSIDY, file, faults)
        if is_known:
            faults.add("scenario_lab_own_city", file, SUBSIDY)


def _check_size(scenario: Scenario, key: str, file: str, faults: Faults) -> None:
    num = scenario.run.households
    if num < LEAST_AT_START:
        faults.add("scenario_lab_few_tenants", file, key, found=num, least=LEAST_AT_START)


def _subsidy(scenario: Scenario, on: date, file: str, faults: Faults) -> SubsidyFile | None:
    """The section under the scenario's law of that day: its changes that have begun."""
    changes = [change.model_dump(mode="json") for change in scenario.policy if not change.from_month]
    law = {"policy": scenario.run.policy, "on": on.isoformat()}
    return subsidy_document(scenario.subsidy or {}, law, changes, file, faults)


def answered(scenario: Scenario, on: date, about: Mapping[str, Sequence[pd.DataFrame]]) -> dict[str, Lab]:
    """The laboratories' answers of a scenario that was checked and simulated, by section; ``about``: by replication.

    Raises ``Refused`` where the warm-up left fewer than a hundred tenants of flats, or what is asked is too much work.
    """
    makers = {SECTION: _answered_own, SUBSIDY: _answered_subsidy}
    return {section: makers[section](scenario, on, about[section]) for section in scenario.labs}


def _answered_own(scenario: Scenario, on: date, censuses: Sequence[pd.DataFrame]) -> Lab:
    section = scenario.rent_to_own or {}
    tenants = pooled(censuses, str(section["supply_mode"])) if section["city"] else None
    if section["city"] and tenants is None:
        raise Refused("scenario_lab_too_few", section=SECTION, least=LEAST_TENANTS)
    faults = Faults()
    figures = {} if tenants is None else _figures(tenants, section["dwelling"]["building_area_cm2"])
    asked = document_of(section, figures, SECTION, faults)
    assert asked is not None, faults.listed()
    answer = ownership.answered(asked, scenario.run.policy, on)
    taken: dict[str, Any] = {}
    if tenants is not None:
        from_city = {name: figures[name] for name in section["city"]}
        taken = {"tenants": str(tenants["group"].iloc[0]), "from_city": from_city}
    document = answer.document | {"name": scenario.name, **taken}
    return Lab(document, {"flows": answer.flows, "deciles": answer.deciles})


def _answered_subsidy(scenario: Scenario, on: date, cells: Sequence[pd.DataFrame]) -> Lab:
    """About the tenants of the first replication, so that a budget is that of one city."""
    found, step = in_steps(cells[0])
    if found["households"].sum() < LEAST_TENANTS:
        raise Refused("scenario_lab_too_few", section=SUBSIDY, least=LEAST_TENANTS)
    faults = Faults()
    wanted = _subsidy(scenario, on, SUBSIDY, faults)
    assert wanted is not None, faults.listed()
    wanted = wanted.model_copy(
        update={name: getattr(scenario, name) for name in ("name", "title_zh", "title_en")}
    )
    asked = subsidy_lab.asked_of(
        wanted,
        of_cells(list(found.itertuples(index=False, name=None))),
        law_of(wanted, SUBSIDY, faults),
        SUBSIDY,
        faults,
    )
    refuse_faults(faults)
    assert asked is not None
    answer = subsidy_lab.answered(asked)
    taken = {"tenants": int(found["households"].sum()), "step_fen": step}
    pages = {PAGE.format(language=language): page_of(asked, answer, language) for language in LANGUAGES}
    return Lab(answer.document | taken, answer.tables, pages)


def _figures(tenants: pd.DataFrame, area_cm2: int) -> dict[str, Any]:
    """Rent and what is left to pay of a flat of that area at the tenants' mean per m², and incomes, poorest decile first."""
    total = int(tenants["area_cm2"].sum())
    rent, paid = (int(tenants[name].sum()) * area_cm2 for name in ("rent_fen", "paid_fen"))
    return {
        "rent_fen": (2 * rent + total) // (2 * total),
        "subsidised_rent_fen": (2 * paid + total) // (2 * total),
        "incomes_fen": sorted(int(income) for income in tenants["income_fen"]),
    }


def write_labs(folder: Path, labs: Mapping[str, Lab]) -> None:
    """A folder for each section beside the run: its tables as CSV, its pages, and ``result.json`` last."""
    for section, lab in labs.items():
        (folder / section).mkdir(parents=True, exist_ok=True)
        for name, table in lab.tables.items():
            write_whole(folder / section / f"{name}.csv", csv_of(table))
        for name, page in lab.pages.items():
            write_whole(folder / section / name, page.encode())
        write_whole(folder / section / "result.json", as_json(lab.document))
