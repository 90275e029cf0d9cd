"""``[subsidy]`` in a scenario file: refused before anything runs, asked about the simulated tenants under the scenario's law."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import Refused
from allocator.messages import LANGUAGES
from scenarios import demand, page_sections
from scenarios.census import CELLS, MOST_CELLS, cells_of, in_steps
from scenarios.city import City, State
from scenarios.comparisons import compare
from scenarios.files import baseline_of
from scenarios.page_sections import Desk
from scenarios.page_words import PageWords
from scenarios.population import city as synthetic_city
from scenarios.reading import Stack
from scenarios.results import Results
from scenarios.running import checked, run_all, snapshot_of
from scenarios.start import everybody_waits, no_tenants, start_of
from scenarios.tenures import set_money
from tests.scenarios_run.worlds import START, example, stack

RUN = "[run]\nmonths = 2\nwarm_up_months = 1\nhouseholds = 260\nwaiting = 20\nreplications = 2\n"
CHANGE = "[[policy]]\npath = 'tenancy.subsidy.tiers.up_to_1600.share_per_mille'\nvalue = 900\n"
CLIFFS = "[subsidy.cliffs]\npersons = [1]\nrent_fen = 200000\n[subsidy.cliffs.law]\nwhich = 'public'\n"
TIERS = "[subsidy.tiers]\namounts_fen = [0, 20000, 40000]\nbudget_fen = 100000\nthreshold = 0.1\naims = ['count']\n"


def faults_of(folder: Path, text: str) -> list[tuple[str, str]]:
    """Code and key of every fault for which the file is refused."""
    with pytest.raises(Refused) as refused:
        checked(stack(folder, text))
    return [(fault.code, fault.key) for fault in refused.value.params["faults"]]


WRONG = {
    "unknown_key": (CLIFFS + "colour = 1\n", "subsidylab_key_unknown", "cliffs.law.colour"),
    "share_above_one": (TIERS + "take_up = 1.5\n", "subsidylab_out_of_bounds", "tiers.take_up"),
    "people_of_its_own": (
        "[subsidy.population]\nfile = 'x.csv'\n" + CLIFFS,
        "scenario_key_unknown",
        "population",
    ),
    "a_day_of_its_own": (CLIFFS + "on = 2026-03-01\n", "scenario_key_unknown", "cliffs.law.on"),
    "no_such_file": ("[subsidy]\nfile = 'castle'\n", "subsidylab_unknown", "file"),
    "no_such_rule": (CLIFFS.replace("public", "market"), "subsidylab_no_rule", "cliffs.law.which"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_section_is_refused_with_its_key(name: str, tmp_path: Path) -> None:
    """Mistakes of form, people or law of its own, a rule the law has not: one fault with its key, before anything runs."""
    text, code, key = WRONG[name]
    assert faults_of(tmp_path, RUN + text) == [(code, f"subsidy.{key}")]


def test_a_small_city_and_a_bureaus_own_are_refused(tmp_path: Path) -> None:
    """Fewer than 200 tenants at the start are too few; cells of a bureau's own city would point at households."""
    assert faults_of(tmp_path, RUN.replace("260", "199") + CLIFFS) == [
        ("scenario_lab_few_tenants", "subsidy")
    ]
    facts = synthetic_city(150, 5)
    known = start_of("delivery", facts, everybody_waits(facts), no_tenants())
    with pytest.raises(Refused) as refused:
        checked(stack(tmp_path, RUN + CLIFFS), known)
    assert [fault.code for fault in refused.value.params["faults"]] == ["scenario_lab_own_city"]


def test_cells_hold_every_tenant_of_a_flat_once() -> None:
    """Persons, income of a month and market rent (16/10 of the public one) of all tenants of flats; in steps they stay as many."""
    run = stack_run()
    scenario = baseline_of(run)
    city = City(scenario, snapshot_of(scenario, example()), 1)
    law = example().in_force(START)
    demand.settle(city, law, START)
    set_money(city, city.rows_in(State.TENANT), law, START, 0)
    cells = cells_of(city)
    tenants = city.rows_in(State.TENANT)
    flats = tenants[(city.income_fen[tenants] >= 0) & ~city.homes.is_bed[city.template[city.home[tenants]]]]
    assert cells["households"].sum() == len(flats) > 100
    assert (cells["rent_fen"] * cells["households"]).sum() == (city.rent_fen[flats] * 1600 // 1000).sum()
    assert (cells["persons"] * cells["households"]).sum() == city.snapshot.num_persons[
        city.profile[flats]
    ].sum()
    near, step = in_steps(cells)
    assert (near["households"].sum(), step) == (len(flats), 10_000)
    assert (near[["income_fen", "rent_fen"]] % 10_000 == 0).all(axis=None)


def stack_run():
    """The settings of ``RUN``."""
    from scenarios.files import Run

    return Run(households=260, waiting=20, months=2, warm_up_months=1, replications=2)


def test_a_large_city_is_asked_in_wider_steps() -> None:
    """More different cells than may be asked about: the step doubles until they are few enough, and nobody is lost."""
    num = 4 * MOST_CELLS
    table = {"persons": 1, "income_fen": range(0, num * 10_000, 10_000), "rent_fen": 80_000, "households": 2}
    near, step = in_steps(pd.DataFrame(table)[list(CELLS)])
    # 8,000 incomes, 100 yuan apart: by 800 yuan 1,001 groups; by 400 yuan 2,001, one too many.
    assert (step, len(near), near["households"].sum()) == (80_000, 1001, 2 * num)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Results]]:
    """The baseline and a scenario with a higher share that asks for cliffs and tiers, run and written."""
    folder = tmp_path_factory.mktemp("lab")
    ready = checked(stack(folder, RUN + CHANGE + CLIFFS + TIERS))
    base = checked(Stack(baseline_of(ready.scenario.run), (), (), ()))
    return folder, run_all([base, ready], folder / "out")


def test_the_law_is_the_scenarios(ran: tuple[Path, list[Results]]) -> None:
    """At the end of the tier whose share the scenario sets to nine tenths, the loss is the greatest of all cliffs."""
    cliffs = ran[1][1].labs["subsidy"].tables["cliffs"]
    document = ran[1][1].labs["subsidy"].document
    assert (document["policy"], document["on"]) == ("example", "2026-04-01")
    at = cliffs.set_index("income_fen")["loss_fen"]
    assert at.idxmax() == 12 * 160_000  # a year of 1,600 yuan a month
    assert at.max() == document["cliffs"]["greatest_loss_fen"] > 0


def test_the_plan_is_about_the_simulated_tenants(ran: tuple[Path, list[Results]]) -> None:
    """The cells of the plan hold as many households as were asked about, and cost no more than the budget."""
    lab = ran[1][1].labs["subsidy"]
    tiers = lab.tables["tiers"]
    assert tiers["households"].sum() == lab.document["tenants"] == lab.document["tiers"]["households"] > 100
    assert (tiers["households"] * tiers["paid_fen"]).sum() == lab.document["tiers"]["cost_fen"] <= 100_000
    folder = ran[0] / "out" / "asked" / "subsidy"
    assert {"result.json", "tiers.csv", "cliffs.csv", "subsidy-zh.html", "subsidy-en.html"} <= {
        place.name for place in folder.iterdir()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_what_the_laboratory_answered(ran: tuple[Path, list[Results]], language: str) -> None:
    """A part with tenants, plan and cliffs of each scenario that asked, and its tables; without the laboratory there is none."""
    words = PageWords(language)
    comparison = compare(ran[1])
    part = page_sections._subsidy(Desk(comparison, words, words.names(comparison.results)))
    assert part is not None
    document = comparison.results[1].labs["subsidy"].document
    (row,) = part.section.grids[0].rows
    told = {words.count(document["tenants"]), f"{document['tiers']['cost_fen'] / 100:,.2f}"}
    assert told <= set(row)
    assert {name for name, _ in part.tables} >= {"subsidy_tiers", "subsidy_cliffs"}
    only = compare([comparison.results[0], comparison.results[0]])
    assert page_sections._subsidy(Desk(only, words, {"baseline": "b"})) is None
