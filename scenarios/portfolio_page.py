"""``portfolio-<language>.html``: the plan as one self-contained page: what starts when, what is lacking, who pays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import altair as alt
import pandas as pd

from allocator.messages import LANGUAGES, text_of
from allocator.model.enums import SupplyMode
from allocator.reporting.charts import DARK, finished
from allocator.reporting.comparison_charts import COLOURS
from allocator.reporting.pages import chart_library, json_for_script, page
from allocator.reporting.parts import Chart, Section, grid_of
from allocator.reporting.wording import Wording
from scenarios.portfolio import PAYERS, Answer, Question
from scenarios.results import write_whole

PAGE: Final = "portfolio-{language}.html"
_HEIGHT: Final = 300
_MILLION_YUAN: Final = 10**8  # fen
_LACKING: Final = "lacking_"


class PlanWords(Wording):
    """``told`` looks up the sentences ``portfolio_*``."""

    def told(self, code: str, **params: object) -> str:
        """The sentence ``portfolio_<code>``; unknown is a bug (``KeyError``)."""
        return text_of(f"portfolio_{code}", self.language, **params)

    def kind(self, mode: str, is_renewal: object) -> str:
        """A mode in words; a lease gone on with is told apart."""
        name = text_of(f"law_mode_{mode}", self.language)
        return self.told("renewed", mode=name) if is_renewal else name

    def exact(self, figure: int | str) -> str:
        """A whole number or an exact fraction with one decimal."""
        return f"{float(Fraction(figure)):,.1f}"


def page_of(question: Question, answer: Answer, language: str) -> str:
    """The page in ``zh`` or ``en`` (else ``ValueError``); charts stand in it, nothing is loaded."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    words, told, asked = PlanWords(language), answer.document, question.asked
    sections = [
        _starts(answer, words),
        _shortage(question, answer, words),
        _money(answer, words),
        _sites(answer, words),
    ]
    title = asked.title_zh if language == "zh" else asked.title_en
    return page(
        "comparison.html",
        words=words,
        lang="zh-CN" if language == "zh" else "en",
        title=words.told("page_title", name=title or asked.name),
        authority=words.told("title", **told),
        is_rehearsal=False,
        cards=[
            (
                words.count(answer.starts.loc[answer.starts["is_renewal"] == 0, "homes"].sum()),
                words.told("card_homes"),
            ),
            (words.exact(told["shortage"]["mean"]), words.told("card_mean")),
            (words.exact(told["shortage"]["tail"]), words.told("card_tail")),
            (f"{told['public_cost_fen'] / _MILLION_YUAN:,.1f}", words.told("card_cost")),
            (f"{told['gap']:.3%}", words.told("card_gap")),
        ],
        note=words.told(f"stopped_{told['stopped']}", gap=f"{told['gap']:.3%}"),
        sections=sections,
        reading=[words.told("reading_plan"), words.told("reading_proof"), words.told("reading_prices")],
        specs=json_for_script([chart.spec for section in sections for chart in section.charts]),
        library=chart_library(),
    )


def _by_period(title: str) -> Any:
    return alt.X("period:O", title=title, axis=alt.Axis(labelAngle=0, ticks=False, labelOverlap=True))


def _stacked(
    frame: pd.DataFrame, parts: list[str], words: PlanWords, title: str, axis: str
) -> dict[str, Any]:
    """Upright bars in parts, by period. ``frame``: period, part, value."""
    scale = alt.Scale(domain=parts, range=list(COLOURS[: len(parts)]))
    chart = (
        alt.Chart(frame)
        .mark_bar(width={"band": 0.8})
        .encode(
            x=_by_period(words.told("axis_period")),
            y=alt.Y("value:Q", title=axis, axis=alt.Axis(tickCount=5, format=",.0f")),
            color=alt.Color("part:N", sort=parts, scale=scale, legend=alt.Legend(columns=3)),
            order=alt.Order("place:Q"),
        )
    )
    return finished(chart, title, _HEIGHT)


def _starts(answer: Answer, words: PlanWords) -> Section:
    starts = answer.starts
    kinds = [(mode.value, renewal) for renewal in (0, 1) for mode in SupplyMode]
    names = {key: words.kind(*key) for key in kinds}
    homes = starts.groupby(["mode", "is_renewal", "period"])["homes"].sum()
    rows = [
        (period, names[mode, int(renewal)], int(value), kinds.index((mode, int(renewal))))
        for (mode, renewal, period), value in homes.items()
    ]
    periods = range(len(answer.periods))
    rows += [(period, rows[0][1], 0, rows[0][3]) for period in periods if rows]  # every period is shown
    frame = pd.DataFrame(rows, columns=["period", "part", "value", "place"])
    parts = [names[key] for key in kinds if names[key] in set(frame["part"])]
    title = words.told("starts_title")
    charts = (Chart(_stacked(frame, parts, words, title, words.told("axis_homes")), title),) if rows else ()
    grid = grid_of(
        [
            (words.told("mode"), [names[row.mode, row.is_renewal] for row in starts.itertuples()], False),
            (words.told("site"), list(starts["site"]), False),
            (words.told("period"), [str(value) for value in starts["period"]], True),
            (words.told("starts"), [words.count(value) for value in starts["starts"]], True),
            (words.told("homes"), [words.count(value) for value in starts["homes"]], True),
        ]
    )
    return Section("starts", title, words.told("starts_lead"), words.told("starts_legend"), charts, (grid,))


def _shortage(question: Question, answer: Answer, words: PlanWords) -> Section:
    """Between the course with least and that with most lacking, the mean as a line."""
    weights = {case.name: case.weight for case in question.asked.demand}
    lacking = answer.periods[[_LACKING + name for name in sorted(weights)]]
    mean = sum(lacking[_LACKING + name] * weight for name, weight in weights.items()) / sum(weights.values())
    frame = pd.DataFrame(
        {
            "period": answer.periods["period"],
            "low": lacking.min(axis=1),
            "high": lacking.max(axis=1),
            "mean": mean,
        }
    )
    base = alt.Chart(frame).encode(x=_by_period(words.told("axis_period")))
    upwards = alt.Y("low:Q", title=words.told("axis_lacking"), axis=alt.Axis(tickCount=5, format=",.0f"))
    band = base.mark_area(color=DARK, opacity=0.18).encode(y=upwards, y2="high:Q")
    line = base.mark_line(color=DARK, strokeWidth=2.5, point={"color": DARK}).encode(y="mean:Q")
    title = words.told("shortage_title")
    columns = [(words.told("period"), [str(value) for value in answer.periods["period"]], True)]
    columns += [
        (name, [words.count(value) for value in lacking[_LACKING + name]], True) for name in sorted(weights)
    ]
    lead = words.told("shortage_lead", tail=words.exact(answer.document["shortage"]["tail"]))
    chart = Chart(finished(band + line, title, _HEIGHT), title)
    return Section("shortage", title, lead, words.told("shortage_legend"), (chart,), (grid_of(columns),))


def _money(answer: Answer, words: PlanWords) -> Section:
    names = {name: words.told(name) for name in PAYERS}
    rows = [
        (period, names[name], fen / 100, place)
        for place, name in enumerate(PAYERS)
        for period, fen in enumerate(answer.periods[name].tolist())
    ]
    frame = pd.DataFrame(rows, columns=["period", "part", "value", "place"])
    title = words.told("money_title")
    columns = [(words.told("period"), [str(value) for value in answer.periods["period"]], True)]
    for name in (*PAYERS, "service_fen", "debt_fen", "budget_limit_fen"):
        columns.append((words.told(name), [f"{fen // 100:,}" for fen in answer.periods[name].tolist()], True))
    chart = Chart(_stacked(frame, list(names.values()), words, title, words.told("axis_yuan")), title)
    owed = f"{answer.document['debt_at_the_end_fen'] // 100:,}"
    lead = words.told("money_lead", owed=owed)
    return Section("money", title, lead, words.told("money_legend"), (chart,), (grid_of(columns),))


def _sites(answer: Answer, words: PlanWords) -> Section:
    rows = list(answer.sites.itertuples())
    grid = grid_of(
        [
            (words.told("site"), [row.site for row in rows], False),
            (words.told("worth"), [words.count(row.worth) for row in rows], True),
            (words.told("homes_at_the_end"), [words.count(row.homes_at_the_end) for row in rows], True),
            (words.told("land_used"), [words.count(row.land_used_m2) for row in rows], True),
            (words.told("land"), [words.count(row.land_m2) for row in rows], True),
            (words.told("land_price"), [f"{row.land_price_per_1000_m2:,.6g}" for row in rows], True),
        ]
    )
    return Section("sites", words.told("sites_title"), words.told("sites_lead"), "", (), (grid,))


def write_pages(folder: Path, question: Question, answer: Answer) -> list[Path]:
    """The pages of all languages, each whole or not at all; their places."""
    places = []
    for language in LANGUAGES:
        place = folder / PAGE.format(language=language)
        write_whole(place, page_of(question, answer, language).encode())
        places.append(place)
    return places
