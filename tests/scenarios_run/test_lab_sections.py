"""``[rent_to_own]`` in a scenario file: refused before anything runs, asked about the simulated tenants, told beside them."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.errors import Refused
from allocator.messages import LANGUAGES
from allocator.policy.faults import Faults
from scenarios import demand, ownership, page_sections
from scenarios.census import census_of, pooled
from scenarios.city import City, State
from scenarios.comparison_page import page_of
from scenarios.comparisons import compare
from scenarios.files import baseline_of
from scenarios.lab_files import document_of
from scenarios.page_sections import Desk
from scenarios.page_words import PageWords
from scenarios.reading import Stack
from scenarios.results import Results, read_run
from scenarios.running import Checked, checked, replicate, run_all, snapshot_of
from scenarios.running import _inputs as inputs_of
from scenarios.tenures import set_money
from tests.commands.conftest import Ended
from tests.scenarios_run.worlds import START, example, stack

SWITCH = "[[policy]]\npath = 'supply.modes.large_estate.sale_option'\nvalue = true\n"
RUN = "[run]\nmonths = 2\nwarm_up_months = 1\nhouseholds = 220\nwaiting = 20\nreplications = 2\n"
LAB = "[rent_to_own]\nfile = 'estate_pilot'\n[rent_to_own.run]\ncohorts = 2\nhouseholds = 10\nmonths = 130\n"


def asked(folder: Path, text: str = RUN + SWITCH + LAB) -> Stack:
    """That text as a scenario file."""
    return stack(folder, text)


def faults_of(folder: Path, text: str) -> list[tuple[str, str, str]]:
    """Code, file and key of every fault for which the file is refused."""
    with pytest.raises(Refused) as refused:
        checked(asked(folder, text))
    return [(fault.code, fault.file, fault.key) for fault in refused.value.params["faults"]]


WRONG: dict[str, tuple[str, str, str]] = {
    "unknown_key": (LAB + "[rent_to_own.dwelling]\ncolour = 1\n", "own_key_unknown", "dwelling.colour"),
    "share_above_one": (LAB + "[rent_to_own.contract]\ncredit_share = 1.5\n", "own_out_of_bounds", "contract.credit_share"),
    "no_such_file": ("[rent_to_own]\nfile = 'castle'\n", "own_unknown", "file"),
    "no_such_figure": ("[rent_to_own]\nfile = 'estate_pilot'\ncity = ['height']\n", "scenario_name_unknown", "city"),
    "a_law_of_its_own": (LAB + "[[rent_to_own.policy]]\npath = 'tenancy.max_waivers'\nvalue = 1\n", "scenario_key_unknown", "policy"),
    "no_title": (LAB.replace("'estate_pilot'\n", "'estate_pilot'\nsupply_mode = 'leased'\n"), "own_no_title", "supply_mode"),
    "barred": (LAB.replace("'estate_pilot'\n", "'estate_pilot'\nsupply_mode = 'mixed_development'\n"), "own_sale_barred", "supply_mode"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_section_is_refused_with_its_key(name: str, tmp_path: Path) -> None:
    """Mistakes of form, and a sale where title or law bar it, are one fault with file and key, before anything runs."""
    text, code, key = WRONG[name]
    (found,) = faults_of(tmp_path, RUN + SWITCH + text)
    assert (found[0], found[2]) == (code, f"rent_to_own.{key}")
    assert found[1] in {"asked.toml", "asked"}


def test_the_law_of_the_scenario_decides_the_sale(tmp_path: Path) -> None:
    """The switch in the rent-to-own file is not taken over: without one in the scenario the sale is barred."""
    assert faults_of(tmp_path, RUN + LAB) == [("own_sale_barred", "asked", "rent_to_own.supply_mode")]
    assert checked(asked(tmp_path)).scenario.rent_to_own is not None


def test_too_few_tenants_are_refused_unless_the_figures_are_given(tmp_path: Path) -> None:
    """A village of 199 tenants has not ten in every decile for sure; without figures of the city it may be asked."""
    few = RUN.replace("220", "199") + SWITCH
    assert faults_of(tmp_path, few + LAB)[0][0] == "scenario_lab_few_tenants"
    alone = LAB.replace("'estate_pilot'\n", "'estate_pilot'\ncity = []\n")
    assert checked(asked(tmp_path, few + alone)).scenario.rent_to_own is not None


def test_another_laboratory_is_named_with_its_command(tmp_path: Path) -> None:
    """The section of a laboratory that is asked elsewhere is a fault that says where."""
    with pytest.raises(Refused) as refused:
        asked(tmp_path, "[supply]\nbudget_fen = 1\n")
    (fault,) = refused.value.params["faults"]
    assert (fault.code, fault.key) == ("scenario_section_reserved", "supply")
    assert str(fault.params["command"]) == "scenario portfolio"


def test_figures_of_the_section_stay_exact(tmp_path: Path) -> None:
    """A rate of 0.003 in the file is three thousandths, not the binary number next to it; keys stand over the file named."""
    found = asked(
        tmp_path, RUN + SWITCH + LAB + "[rent_to_own.contract]\ncredit_share = 0.123456789012345678\n"
    )
    section = found.scenario.rent_to_own
    assert section is not None
    own = document_of(section, {}, "f", Faults())
    assert own is not None
    assert own.run.monthly_rate == Fraction(3, 1000)
    assert own.contract.credit_share == Fraction(123456789012345678, 10**18)
    assert (own.run.cohorts, own.dwelling.building_area_cm2) == (2, 600_000)


def test_a_census_counts_every_tenant_once() -> None:
    """Ten deciles by income hold all tenants of flats of known income, rising, with areas, rents and what is left to pay."""
    scenario = baseline_of(example_run())
    city = City(scenario, snapshot_of(scenario, example()), 1)
    law = example().in_force(START)
    demand.settle(city, law, START)
    set_money(city, city.rows_in(State.TENANT), law, START, 0)
    found = census_of(city)
    every = found[found["group"] == "all"]
    tenants = city.rows_in(State.TENANT)
    is_bed = city.homes.is_bed[city.template[city.home[tenants]]]
    known = tenants[(city.income_fen[tenants] >= 0) & ~is_bed]
    assert 100 < every["households"].sum() == len(known) < len(tenants)
    assert every["area_cm2"].sum() == city.homes.area_cm2[city.template[city.home[known]]].sum()
    assert every["households"].max() - every["households"].min() <= 1
    assert list(every["income_fen"]) == sorted(every["income_fen"])
    assert every["rent_fen"].sum() == city.rent_fen[known].sum()
    assert every["paid_fen"].sum() == (city.rent_fen - city.relief_fen - city.subsidy_fen)[known].sum()
    # No mode of this village has a hundred tenants: it is the whole city that is asked about.
    told = pooled([found, found], "leased")
    assert told is not None
    assert set(told["group"]) == {"all"}
    assert list(told["income_fen"]) == list(every["income_fen"])


def example_run() -> Any:
    from scenarios.files import Run

    return Run(households=220, waiting=20, months=2, warm_up_months=1, replications=2)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checked, list[Results]]:
    """The baseline and a scenario that asks the laboratory, run and written."""
    folder = tmp_path_factory.mktemp("lab")
    ready = checked(asked(folder))
    base = checked(Stack(baseline_of(ready.scenario.run), (), (), ()))
    return folder, ready, run_all([base, ready], folder / "out")


def test_the_laboratory_is_asked_about_the_simulated_tenants(
    ran: tuple[Path, Checked, list[Results]],
) -> None:
    """Rent and incomes are those of the censuses of both replications; the answer is that of ``scenario own`` on them."""
    _, ready, (_, result) = ran
    lab = result.labs["rent_to_own"]
    parts = [replicate(ready.scenario.model_dump_json(), inputs_of(ready), number) for number in (1, 2)]
    censuses = [pd.read_parquet(io.BytesIO(part[2])) for part in parts]
    every = [one[one["group"] == lab.document["tenants"]] for one in censuses]
    rent, area = (sum(int(one[name].sum()) for one in every) for name in ("rent_fen", "area_cm2"))
    rent = Fraction(rent * 600_000, area)  # the pilot's dwelling has 60 m²
    taken = lab.document["from_city"]
    assert abs(taken["rent_fen"] - rent) <= Fraction(1, 2)
    assert taken["subsidised_rent_fen"] < taken["rent_fen"]
    poorest = [int(one["income_fen"].iloc[0]) for one in every]
    assert taken["incomes_fen"][0] == (sum(poorest) + 1) // 2  # the mean of two, half up
    section = ready.scenario.rent_to_own
    assert section is not None
    own = document_of(section, taken, "f", Faults())
    assert own is not None
    alone = ownership.answered(own, "example", date(2026, 4, 1))
    assert {name: lab.document[name] for name in ("present", "check", "price_fen")} == {
        name: alone.document[name] for name in ("present", "check", "price_fen")
    }
    assert lab.tables["deciles"].equals(alone.deciles)


def test_the_answer_stands_beside_the_run(ran: tuple[Path, Checked, list[Results]]) -> None:
    """A folder of the section holds result and tables; the run itself is read as any other, and is not run again."""
    folder, ready, (base, result) = ran
    place = folder / "out" / "asked" / "rent_to_own"
    assert sorted(one.name for one in place.iterdir()) == ["deciles.csv", "flows.csv", "result.json"]
    assert json.loads((place / "result.json").read_text("utf-8")) == json.loads(
        json.dumps(result.labs["rent_to_own"].document)
    )
    assert base.labs == {}
    again = run_all([ready], folder / "out", told=lambda done, total, _: _all_done(done, total))
    assert again[0].labs["rent_to_own"].document == result.labs["rent_to_own"].document
    assert len(read_run(folder / "out" / "asked").households) == len(result.households)


def _all_done(done: int, total: int) -> None:
    assert done == total


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_what_the_laboratory_answered(
    ran: tuple[Path, Checked, list[Results]], language: str
) -> None:
    """In both languages a part with prices, risk and the figures taken, in yuan; without the laboratory there is none."""
    results, words = ran[2], PageWords(language)
    document = results[1].labs["rent_to_own"].document
    comparison = compare(results)
    part = page_sections._own(Desk(comparison, words, words.names(results)))
    assert part is not None
    cells = {cell for grid in part.section.grids for row in grid.rows for cell in row}
    told = [
        document["price_fen"],
        document["from_city"]["rent_fen"],
        document["present"]["landlord"]["mean_fen"],
    ]
    assert {f"{figure / 100:,.2f}" for figure in told} <= cells
    assert document["present"]["landlord"]["mean_fen"] < 0  # a minus stands before the whole figure
    assert [name for name, _ in part.tables] == ["rent_to_own_deciles", "rent_to_own_flows"]
    afforded = part.section.charts[0].spec["datasets"]["rows"]
    deciles = results[1].labs["rent_to_own"].tables["deciles"]
    assert [row["value"] for row in afforded] == list(deciles["afforded"] / deciles["households"])
    without = compare([results[0], replace(results[1], labs={})])
    assert page_sections._own(Desk(without, words, words.names(results))) is None


@pytest.mark.slow
def test_the_part_stands_on_the_page(ran: tuple[Path, Checked, list[Results]]) -> None:
    """The whole page has the part with its title and its tables to take away."""
    page = html.unescape(page_of(compare(ran[2]), "en"))
    assert '<section id="rent_to_own"' in page
    assert PageWords("en").told("rent_to_own_title") in page
    assert 'download="rent_to_own_flows.csv"' in page


def test_the_command_tells_the_answer(
    run: Callable[..., Ended], ran: tuple[Path, Checked, list[Results]]
) -> None:
    """``run`` on a finished folder says prices and folder of the laboratory in words, and all single figures in JSON."""
    folder, _, results = ran
    document = results[1].labs["rent_to_own"].document
    words = ("scenario", "run", folder / "asked.toml", "--out", folder / "out", "--lang", "en")
    assert f"rent-to-own at {document['price_fen']:,} fen" in run(*words).out
    told = json.loads(run(*words, "--json").out)["labs"]
    assert told["asked"]["rent_to_own"]["present"] == document["present"]
