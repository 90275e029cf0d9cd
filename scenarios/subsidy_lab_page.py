"""``subsidy-<language>.html``: what the laboratory answered, one self-contained page in each language."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.messages import LANGUAGES
from allocator.reporting.pages import chart_library, json_for_script, page
from allocator.reporting.parts import Chart, Grid, Section, grid_of
from allocator.reporting.wording import DASH
from scenarios import subsidy_lab_charts as charts
from scenarios.comparisons import csv_of
from scenarios.page_charts import gains
from scenarios.results import write_whole
from scenarios.subsidy_cliffs import MONTHS
from scenarios.subsidy_forms import EVERYBODY, FORMS
from scenarios.subsidy_frontier import Frontier
from scenarios.subsidy_lab import Answer, Asked
from scenarios.subsidy_lab_words import LabWords, said_of_tiers

PAGE: Final = "subsidy-{language}.html"
_WAN: Final = 1_000_000  # fen of 10,000 yuan
_YUAN: Final = 100
_MOST_LINES: Final = 4  # told apart in one chart


@dataclass(frozen=True, eq=False)
class _Made:
    """A section, and the tables that can be taken away."""

    section: Section
    tables: tuple[str, ...]


def page_of(asked: Asked, answer: Answer, language: str) -> str:
    """The page in ``zh`` or ``en``; charts and data stand in it, nothing is loaded."""
    words = LabWords(language)
    makers: dict[str, Callable[[Asked, Answer, LabWords], _Made]] = {
        "forms": _forms,
        "cliffs": _cliffs,
        "tiers": _tiers,
        "frontier": _frontier,
    }
    made = [maker(asked, answer, words) for name, maker in makers.items() if name in answer.tables]
    made.append(_checks(answer, words))
    document = answer.document
    cards = [(words.count(document["households"]), words.told("card_households"))]
    cards.append((words.count(document["cells"]), words.told("card_cells")))
    notes = [words.told("page_note")]
    if document["policy"] is not None:
        notes.append(words.told("page_law", policy=document["policy"], on=document["on"]))
    return page(
        "scenarios.html",
        words=words,
        lang="zh-CN" if language == "zh" else "en",
        title=words.told("page_title", title=_title(asked, language)),
        authority=words.told("page_subtitle"),
        is_rehearsal=False,
        cards=cards if document["households"] else [],
        notes=notes,
        sections=[one.section for one in made],
        reading=[words.told(f"reading_{name}") for name in ("pairs", "interval", "limits")],
        key=[],
        downloads={one.section.anchor: [_download(name, answer) for name in one.tables] for one in made},
        specs=json_for_script([chart.spec for one in made for chart in one.section.charts]),
        library=chart_library(),
    )


def _title(asked: Asked, language: str) -> str:
    return (asked.file.title_zh if language == "zh" else asked.file.title_en) or asked.file.name


def _download(name: str, answer: Answer) -> tuple[str, str]:
    content = base64.b64encode(csv_of(answer.tables[name])).decode()
    return f"{name}.csv", f"data:text/csv;charset=utf-8;base64,{content}"


def write_pages(folder: Path, asked: Asked, answer: Answer) -> list[Path]:
    """The pages of all languages, each whole or not at all; their places."""
    places = []
    for language in LANGUAGES:
        place = folder / PAGE.format(language=language)
        write_whole(place, page_of(asked, answer, language).encode())
        places.append(place)
    return places


def _section(
    anchor: str, words: LabWords, shown: list[Chart], grids: list[Grid], note: str, **said: object
) -> Section:
    title, lead, legend = (words.told(f"{anchor}_{part}", **said) for part in ("title", "lead", "legend"))
    return Section(anchor, title, lead, legend, tuple(shown), tuple(grids), note, is_open=True)


def _chart(spec: dict[str, Any], caption: str) -> Chart:
    return Chart(spec, caption, caption)


def _forms(_: Asked, answer: Answer, words: LabWords) -> _Made:
    table, single = answer.tables["forms"], answer.document["forms"]
    names = {form: words.told(f"form_{form}") for form in FORMS}
    everybody = table[table["decile"] == EVERYBODY]
    money = pd.concat([everybody[everybody["measure"] == name] for name in ("cost_fen", "gain_fen")])
    scaled = {end: money[end] / _WAN for end in ("mean", "low", "high")}
    drawn = money.assign(
        group=money["form"].map(names),
        part=[words.told(f"measure_{name}") for name in money["measure"]],
        **scaled,
    )[["group", "part", "mean", "low", "high"]]
    title = words.told("forms_cost")
    shown = [_chart(charts.spans(drawn, title, words.told("axis_wan")), title), _gains(answer, words, names)]
    shown += [_winners(answer, words, form, names[form]) for form in FORMS[1:]]
    even = single["break_even_pass_through"]
    note = words.told(
        "converted",
        **{
            name: words.money(single[f"{key}_fen"])
            for name, key in (
                ("benefit", "benefit_mean"),
                ("voucher", "voucher_mean"),
                ("unit", "unit_cost_mean"),
            )
        },
    )
    note += " " + (
        words.told("never_even") if even is None else words.told("even", share=words.percent(float(even)))
    )
    section = _section("forms", words, shown, [_forms_grid(single, words, names)], note)
    return _Made(section, ("forms", "draws"))


def _sizes(answer: Answer) -> int:
    """Households of a decile, at least."""
    return max(1, int(answer.document["households"]) // 10)


def _gains(answer: Answer, words: LabWords, names: dict[str, str]) -> Chart:
    rows = answer.tables["forms"]
    rows = rows[(rows["decile"] > 0) & (rows["measure"] == "gain_fen")]
    size = _sizes(answer) * _YUAN
    frame = rows.assign(
        group=rows["decile"].astype("str"),
        part=rows["form"].map(names),
        **{end: rows[end] / size for end in ("mean", "low", "high")},
    )[["group", "part", "mean", "low", "high"]]
    title = words.told("forms_gain")
    return _chart(charts.by_decile(frame, title, (words.told("axis_decile"), words.told("axis_yuan"))), title)


def _winners(answer: Answer, words: LabWords, form: str, name: str) -> Chart:
    rows = answer.tables["forms"]
    rows = rows[(rows["decile"] > 0) & (rows["form"] == form) & rows["measure"].isin(["more", "less"])]
    parts = {"more": words.told("gain"), "less": words.told("lose")}
    sign = rows["measure"].map({"more": 1, "less": -1})
    frame = rows.assign(
        group=rows["decile"].astype("str"),
        part=rows["measure"].map(parts),
        value=rows["mean"] / _sizes(answer) * sign,
        **{end: rows[end] / _sizes(answer) * sign for end in ("low", "high")},
    )[["group", "part", "value", "low", "high"]]
    title = words.told("forms_winners", form=name)
    axes = words.told("axis_decile"), words.told("axis_share")
    return _chart(gains(frame, title, axes, (parts["more"], parts["less"]), 1.05), title)


def _forms_grid(single: dict[str, Any], words: LabWords, names: dict[str, str]) -> Grid:
    def cell(form: str, measure: str) -> str:
        three = single[form][measure]
        say = words.money if measure.endswith("_fen") else words.whole
        return f"{say(three['mean'])} ({say(three['low'])} … {say(three['high'])})"

    columns: list[tuple[str, list[str], bool]] = [(words.told("form"), list(names.values()), False)]
    for measure in ("takers", "cost_fen", "gain_fen", "more", "less"):
        columns.append((words.told(f"measure_{measure}"), [cell(form, measure) for form in names], True))
    ratios = [single[form]["cost_per_gain_per_mille"] for form in names]
    columns.append(
        (words.told("cost_per_gain"), [DASH if r is None else f"{r / 1000:.3f}" for r in ratios], True)
    )
    same = [words.whole(single[form]["takers_for_cost_of_units"]) for form in names]
    return grid_of([*columns, (words.told("same_money"), same, True)])


def _cliffs(asked: Asked, answer: Answer, words: LabWords) -> _Made:
    wanted = asked.file.cliffs
    assert wanted is not None
    found, rates = answer.tables["cliffs"], answer.tables["rates"]
    rates = rates[rates["persons"].isin(list(dict.fromkeys(wanted.persons))[:_MOST_LINES])]
    step = words.yuan(wanted.step_fen)
    drawn = pd.DataFrame(
        {
            "part": [words.told("persons_of", number=number) for number in rates["persons"]],
            "income": rates["income_fen"] / (MONTHS * _YUAN),
            "net": rates["net_fen"] / _YUAN,
            "rate": rates["rate_per_mille"] / 1000,
        }
    )
    net, rate = words.told("cliffs_net"), words.told("cliffs_rate", step=step)
    across = words.told("axis_income")
    shown = []
    for title, name, axis in ((net, "net", "axis_yuan"), (rate, "rate", "axis_rate")):
        frame = drawn[["part", "income"]].assign(value=drawn[name])
        spec = charts.along(frame, title, (across, words.told(axis)), is_share=name == "rate")
        shown.append(_chart(spec, title))
    single = answer.document["cliffs"]
    note = words.told(
        "cliffs_said",
        cliffs=single["cliffs"],
        loss=words.money(single["greatest_loss_fen"]),
        zone=words.money(single["greatest_zone_fen"]),
    )
    heads = {"persons": "persons", "income_fen": "income_year", "at_fen": "at", "above_fen": "above"}
    heads |= {"loss_fen": "loss", "regained_fen": "regained", "zone_fen": "zone"}
    columns = [
        (
            words.told(code),
            [str(v) if name == "persons" else words.money(v) for v in found[name]],
            name != "persons",
        )
        for name, code in heads.items()
    ]
    section = _section("cliffs", words, shown, [grid_of(columns)], note, step=step)
    return _Made(section, ("cliffs", "rates"))


def _tiers(asked: Asked, answer: Answer, words: LabWords) -> _Made:
    wanted, table = asked.file.tiers, answer.tables["tiers"]
    assert wanted is not None
    shown = []
    most = max(1.0, float(table["paid_fen"].max()) / _YUAN)
    for persons, rows in table.groupby("persons"):
        title = words.told("tiers_map", persons=words.told("persons_of", number=persons))
        axes = (
            f"{words.told('income')} ({words.told('axis_yuan')})",
            f"{words.told('rent')} ({words.told('axis_yuan')})",
        )
        shown.append(_chart(charts.mapped(_boxes(rows), title, axes, words.told("axis_yuan"), most), title))
    aims = words.told("comma").join(words.told(f"aim_{aim}") for aim in wanted.aims)
    rules = [words.told("equity_never_less")] if wanted.poorer_never_less else []
    if wanted.slope is not None:
        rules.append(words.told("equity_slope", slope=float(wanted.slope)))
    equity = " ".join(rules) or words.told("equity_none")
    sums = table.assign(cost_fen=table["households"] * table["paid_fen"]).groupby("amount_fen")
    by_amount = sums[["households", "cost_fen"]].sum().reset_index()
    grid = grid_of(
        [
            (words.told("amount"), [words.money(v) for v in by_amount["amount_fen"]], False),
            (words.told("households"), [words.whole(v) for v in by_amount["households"]], True),
            (words.told("num_cells"), [words.whole(v) for v in sums.size()], True),
            (words.told("cost"), [words.money(v) for v in by_amount["cost_fen"]], True),
        ]
    )
    note = " ".join(said_of_tiers(answer.document["tiers"], wanted, words.money, words.language))
    section = _section("tiers", words, shown, [grid], note, aims=aims, equity=equity)
    return _Made(section, ("tiers",))


def _boxes(rows: pd.DataFrame) -> pd.DataFrame:
    """Each cell as a box up to the next income of its rent and the next rent, in yuan."""
    rents = sorted(rows["rent_fen"].unique().tolist())
    above = dict(zip(rents, [*rents[1:], rents[-1] + _gap(rents)], strict=True))
    incomes = sorted(rows["income_fen"].unique().tolist())
    frames = []
    for rent, group in rows.groupby("rent_fen"):
        here = group["income_fen"].tolist()
        ends = [*here[1:], here[-1] + _gap(incomes)]
        frames.append(
            pd.DataFrame(
                {
                    "income": [value / _YUAN for value in here],
                    "income_to": [value / _YUAN for value in ends],
                    "rent": rent / _YUAN,
                    "rent_to": above[rent] / _YUAN,
                    "value": (group["paid_fen"] / _YUAN).tolist(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _gap(values: list[int]) -> int:
    """The least distance of two values."""
    return min((after - before for before, after in pairwise(values)), default=1000)


def _frontier(asked: Asked, answer: Answer, words: LabWords) -> _Made:
    wanted, grid = asked.file.tiers, answer.tables["frontier"]
    assert wanted is not None
    every = answer.frontier
    assert every is not None
    own = wanted.paid_fen / _WAN
    points = _course(every, list(range(len(every.num))))
    hull = _course(every, every.hull())
    dots = pd.DataFrame(
        {"budget": grid["budget_fen"].astype(float) / _WAN, "value": grid["households"].astype(float)}
    )
    curve, price = words.told("frontier_curve"), words.told("frontier_price")
    axes = words.told("axis_budget"), words.told("axis_households")
    shown = [_chart(charts.frontier(points, hull, dots, own, curve, axes), curve)]
    if len(hull) > 1:
        slopes = hull.assign(
            value=(hull["budget"].diff() / hull["value"].diff() * _WAN / _YUAN).shift(-1)
        ).iloc[:-1]
        spec = charts.prices(slopes, own, price, (axes[0], words.told("axis_yuan")))
        shown.append(_chart(spec, price))
    heads = {
        "budget_fen": "budget", "households": "households", "share_per_mille": "share", "cost_fen": "cost",
        "relaxation_households": "at_most", "fen_per_household": "per_household", "next_households": "next_households",
        "next_fen": "next_fen", "missing_fen": "missing",
    }  # fmt: skip
    columns = [
        (words.told(code), [_cell(name, v, words) for v in grid[name]], name != "budget_fen")
        for name, code in heads.items()
    ]
    threshold = f"{float(wanted.threshold):.1%}"
    return _Made(
        _section("frontier", words, shown, [grid_of(columns)], "", threshold=threshold),
        ("frontier", "points"),
    )


def _course(every: Frontier, places: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"budget": every.cost_fen[places] / _WAN, "value": every.num[places].astype(float)})


def _cell(name: str, value: Any, words: LabWords) -> str:
    if pd.isna(value):
        return DASH
    if name == "share_per_mille":
        return words.percent(int(value) / 1000)
    return words.money(value) if "fen" in name else words.whole(int(value))


def _checks(answer: Answer, words: LabWords) -> _Made:
    told = []
    for name, found in answer.document["check"].items():
        figures = found
        if name == "forms":
            parts = [
                words.told(
                    "check_form",
                    form=words.told(f"form_{form}"),
                    measure=words.told(f"measure_{measure}"),
                    closed=words.money(three["closed_fen"]),
                    drawn=words.money(three["drawn_fen"]),
                    error=words.money(three["standard_error_fen"]),
                )
                for form, measures in found.items()
                for measure, three in measures.items()
            ]
            figures = {"told": "; ".join(parts)}
        told.append((words.told(f"{name}_title"), words.told(f"check_{name}", **figures)))
    columns = [
        (words.told("check_what"), [what for what, _ in told], False),
        (words.told("check_how"), [how for _, how in told], False),
    ]
    return _Made(_section("checks", words, [], [grid_of(columns)], ""), ())
