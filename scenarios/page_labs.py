"""The parts of the comparison's page that tell what the laboratories answered beside the simulation."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from allocator.messages import text_of
from allocator.reporting.parts import Chart, Grid, Section, grid_of
from allocator.reporting.wording import DASH
from scenarios import page_charts as charts
from scenarios.lab_files import SECTION, SUBSIDY
from scenarios.page_figures import FIGURES
from scenarios.page_words import PageWords
from scenarios.results import Lab

# Single figures of the subsidy laboratory: part of its result, figure, whether it is money.
_SUBSIDY: Final = (
    ("tiers", "at_or_below", False),
    ("tiers", "cost_fen", True),
    ("tiers", "payable_fen", True),
    ("cliffs", "cliffs", False),
    ("cliffs", "greatest_loss_fen", True),
    ("forms", "unit_cost_mean_fen", True),
    ("forms", "voucher_mean_fen", True),
)
_PAYERS: Final = ("tenant", "landlord", "treasury")
_FIGURES: Final = ("price_fen", "value_at_price_fen", "neutral_price_fen")


def own_section(labs: dict[str, Lab], words: PageWords, palette: charts.Palette) -> Section:
    """``labs``: by the shown name of the scenario; at least one."""
    title, lead, legend = (words.told(f"{SECTION}_{part}") for part in ("title", "lead", "legend"))
    shown = [_who_can_buy(labs, words, palette), *_courses(labs, words, palette)]
    grids = [_answers(labs, words), *(_present(name, lab, words) for name, lab in labs.items())]
    return Section(SECTION, title, lead, legend, tuple(shown), tuple(grids), is_open=True)


def own_tables(labs: dict[str, Lab]) -> list[tuple[str, pd.DataFrame]]:
    """Deciles and flows of all scenarios, as they can be taken away."""
    tables = {}
    for name in ("deciles", "flows"):
        frames = [lab.tables[name].assign(scenario=lab.document["name"]) for lab in labs.values()]
        tables[f"{SECTION}_{name}"] = pd.concat(frames, ignore_index=True)
    return list(tables.items())


def _exact(frame: pd.DataFrame) -> pd.DataFrame:
    """Means of many households: their interval over cohorts stands in the table, not in the chart."""
    return frame.assign(low=frame["value"], high=frame["value"])


def _who_can_buy(labs: dict[str, Lab], words: PageWords, palette: charts.Palette) -> Chart:
    frames = []
    for name, lab in labs.items():
        deciles = lab.tables["deciles"]
        share = deciles["afforded"] / deciles["households"]
        frames.append(pd.DataFrame({"group": deciles["decile"].astype("str"), "name": name, "value": share}))
    frame = _exact(pd.concat(frames, ignore_index=True))[["group", "name", *FIGURES]]
    caption = words.told("own_can_buy")
    axes = words.told("own_axis_decile"), words.told("axis_share")
    return Chart(charts.by_decile(frame, caption, axes, palette), caption, caption)


def _courses(labs: dict[str, Lab], words: PageWords, palette: charts.Palette) -> list[Chart]:
    """Money so far by payer, month by month, per household that starts."""
    found = []
    axes = words.told("own_axis_month"), words.told("own_axis_yuan")
    for payer in ("landlord", "treasury"):
        frames = []
        for name, lab in labs.items():
            flows = lab.tables["flows"]
            so_far = flows[f"{payer}_fen"].cumsum() / 100
            frames.append(pd.DataFrame({"name": name, "month": flows["month"], "value": so_far}))
        frame = _exact(pd.concat(frames, ignore_index=True))[["name", "month", *FIGURES]]
        caption = words.told("own_so_far", payer=text_of(f"own_{payer}", words.language))
        found.append(Chart(charts.courses(frame, caption, axes, palette, (0, "")), caption, caption))
    return found


def _answers(labs: dict[str, Lab], words: PageWords) -> Grid:
    """One row per scenario: the prices in yuan, the month from which buying is ahead, whose figures were taken."""
    documents = [lab.document for lab in labs.values()]
    columns = [(words.told("col_scenario"), list(labs), False)]
    columns += [
        (words.told(f"own_{name}"), [_yuan(document[name], words) for document in documents], True)
        for name in _FIGURES
    ]
    months = [document["break_even_month"] for document in documents]
    columns.append(
        (words.told("own_break_even_month"), [DASH if m is None else str(m) for m in months], True)
    )
    columns.append((words.told("own_rent"), [_yuan(_taken(d, "rent_fen"), words) for d in documents], True))
    columns.append((words.told("own_tenants"), [_tenants(d, words) for d in documents], False))
    return grid_of(columns)


def _present(name: str, lab: Lab, words: PageWords) -> Grid:
    """Present value per household by payer: mean, standard error, worst twentieth of the cohorts, in yuan."""
    found = {payer: lab.document["present"][payer] for payer in _PAYERS}
    labels = [text_of(f"own_{payer}", words.language) for payer in found]
    head = f"{name}: {text_of('own_present', words.language)}"
    columns = [(head, labels, False)]
    for code, figure in (("mean", "mean_fen"), ("error", "standard_error_fen"), ("worst", "worst_fen")):
        cells = [_yuan(one[figure], words) for one in found.values()]
        columns.append((text_of(f"own_{code}", words.language), cells, True))
    return grid_of(columns)


def _taken(document: dict[str, Any], figure: str) -> int | None:
    found: int | None = document.get("from_city", {}).get(figure)
    return found


def _tenants(document: dict[str, Any], words: PageWords) -> str:
    group = document.get("tenants")
    if group is None:
        return words.told("own_of_the_file")
    return words.told("own_of_the_city") if group == "all" else words.of_group("mode", str(group))


def _yuan(figure: int | None, words: PageWords) -> str:
    return DASH if figure is None else words.amount("_fen", figure)


def subsidy_section(labs: dict[str, Lab], words: PageWords) -> Section:
    """``labs``: by the shown name of the scenario; the laboratory's own pages stand beside the runs."""
    title, lead, legend = (words.told(f"{SUBSIDY}_{part}") for part in ("title", "lead", "legend"))
    documents = [lab.document for lab in labs.values()]
    columns = [
        (words.told("col_scenario"), list(labs), False),
        (words.told("subsidy_tenants"), [words.count(document["tenants"]) for document in documents], True),
    ]
    for part, figure, is_money in _SUBSIDY:
        if any(part in document for document in documents):
            found = [document.get(part, {}).get(figure) for document in documents]
            cells = [_yuan(one, words) if is_money else words.count(one) for one in found]
            columns.append((words.told(f"subsidy_{figure}"), cells, True))
    return Section(SUBSIDY, title, lead, legend, (), (grid_of(columns),))


def subsidy_tables(labs: dict[str, Lab]) -> list[tuple[str, pd.DataFrame]]:
    """The laboratory's tables of all scenarios, as they can be taken away."""
    names = dict.fromkeys(name for lab in labs.values() for name in lab.tables)
    return [
        (
            f"{SUBSIDY}_{name}",
            pd.concat(
                [
                    lab.tables[name].assign(scenario=lab.document["name"])
                    for lab in labs.values()
                    if name in lab.tables
                ],
                ignore_index=True,
            ),
        )
        for name in names
    ]
