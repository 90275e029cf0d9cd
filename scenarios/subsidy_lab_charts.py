"""Charts of the subsidy laboratory's page: forms of help, cliffs, the map of amounts, the frontier."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

from allocator.reporting.charts import DARK, INK, finished
from allocator.reporting.comparison_charts import COLOURS

_GREY: Final = "#5b6670"
_RED: Final = "#d55e00"


def spans(frame: pd.DataFrame, title: str, axis_title: str) -> dict[str, Any]:
    """A dot and the span of the draws per row. ``frame``: group, part, mean, low, high; parts told apart by colour."""
    groups, parts = (list(dict.fromkeys(frame[name])) for name in ("group", "part"))
    base = alt.Chart(frame).encode(
        y=alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8)),
        yOffset=alt.YOffset("part:N", sort=parts),
        color=_colour(parts),
    )
    axis = alt.Axis(tickCount=5)
    lines = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=alt.X("low:Q", title=axis_title, axis=axis, scale=alt.Scale(zero=True)), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x="mean:Q", shape=_shape(parts))
    return finished(lines + dots, title, len(groups) * len(parts) * 26 + 20)


def by_decile(frame: pd.DataFrame, title: str, axes: tuple[str, str]) -> dict[str, Any]:
    """The same, upright over deciles."""
    groups, parts = (list(dict.fromkeys(frame[name])) for name in ("group", "part"))
    base = alt.Chart(frame).encode(
        x=alt.X("group:N", sort=groups, title=axes[0], axis=alt.Axis(labelAngle=0, ticks=False)),
        xOffset=alt.XOffset("part:N", sort=parts),
        color=_colour(parts),
    )
    lines = base.mark_rule(strokeWidth=2.5, opacity=0.45).encode(
        y=alt.Y("low:Q", title=axes[1], axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True)), y2="high:Q"
    )
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(y="mean:Q", shape=_shape(parts))
    return finished(lines + dots, title, 240)


def _colour(parts: list[str]) -> Any:
    return alt.Color("part:N", sort=parts, scale=alt.Scale(domain=parts, range=list(COLOURS[: len(parts)])))


def _shape(parts: list[str]) -> Any:
    shapes = ["circle", "square", "triangle-up", "diamond"][: len(parts)]
    return alt.Shape("part:N", sort=parts, scale=alt.Scale(domain=parts, range=shapes))


def along(frame: pd.DataFrame, title: str, axes: tuple[str, str], *, is_share: bool) -> dict[str, Any]:
    """Lines over income. ``frame``: part, income, value; a share has the line of 100 % dashed."""
    parts = list(dict.fromkeys(frame["part"]))
    axis = alt.Axis(tickCount=6, format=".0%" if is_share else ",.0f")
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2, interpolate="step-after" if is_share else "linear")
        .encode(
            x=alt.X("income:Q", title=axes[0], axis=alt.Axis(format=",.0f")),
            y=alt.Y("value:Q", title=axes[1], axis=axis),
            color=_colour(parts),
            strokeDash=alt.StrokeDash("part:N", sort=parts, legend=None),
        )
    )
    if not is_share:
        return finished(lines, title, 260)
    whole = alt.Chart(pd.DataFrame({"at": [1.0]})).mark_rule(color=_RED, strokeDash=[6, 4])
    return finished(lines + whole.encode(y="at:Q"), title, 260)


def mapped(
    frame: pd.DataFrame, title: str, axes: tuple[str, str], legend: str, most: float
) -> dict[str, Any]:
    """Amounts by income and rent, shaded up to ``most``. ``frame``: income, income_to, rent, rent_to, value."""
    marks = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X("income:Q", title=axes[0], axis=alt.Axis(format=",.0f"), scale=alt.Scale(zero=False)),
            x2="income_to:Q",
            y=alt.Y("rent:Q", title=axes[1], axis=alt.Axis(format=",.0f"), scale=alt.Scale(zero=False)),
            y2="rent_to:Q",
            color=alt.Color(
                "value:Q",
                scale=alt.Scale(domain=[0, most], range=["#eef2f5", DARK]),
                legend=alt.Legend(title=legend, symbolType="square", format=",.0f"),
            ),
            tooltip=[
                alt.Tooltip("income:Q", title=axes[0], format=",.0f"),
                alt.Tooltip("rent:Q", title=axes[1], format=",.0f"),
                alt.Tooltip("value:Q", title=legend, format=",.0f"),
            ],
        )
    )
    return finished(marks, title, 260)


def frontier(
    points: pd.DataFrame,
    hull: pd.DataFrame,
    grid: pd.DataFrame,
    budget: float,
    title: str,
    axes: tuple[str, str],
) -> dict[str, Any]:
    """Steps of the exact frontier, its hull, the budgets solved, the file's own. Frames: budget, value."""
    across = alt.X("budget:Q", title=axes[0], axis=alt.Axis(format=",.1f"))
    upwards = alt.Y("value:Q", title=axes[1], axis=alt.Axis(format=",.0f"), scale=alt.Scale(zero=False))
    line = alt.Chart(hull).mark_line(color=_GREY, strokeWidth=1).encode(x=across, y=upwards)
    steps = alt.Chart(points).mark_line(color=DARK, strokeWidth=2, interpolate="step-after")
    dots = alt.Chart(grid).mark_point(color=INK, filled=True, size=45, opacity=1)
    own = alt.Chart(pd.DataFrame({"budget": [budget]})).mark_rule(color=_RED, strokeDash=[6, 4])
    layers = (
        line + steps.encode(x=across, y=upwards) + dots.encode(x=across, y=upwards) + own.encode(x=across)
    )
    return finished(layers, title, 280)


def prices(frame: pd.DataFrame, budget: float, title: str, axes: tuple[str, str]) -> dict[str, Any]:
    """The price of a household along the budget, a step at each corner of the hull. ``frame``: budget, value."""
    across = alt.X("budget:Q", title=axes[0], axis=alt.Axis(format=",.1f"))
    upwards = alt.Y("value:Q", title=axes[1], axis=alt.Axis(format=",.0f"), scale=alt.Scale(type="log"))
    line = alt.Chart(frame).mark_line(color=DARK, strokeWidth=2, interpolate="step-after")
    own = alt.Chart(pd.DataFrame({"budget": [budget]})).mark_rule(color=_RED, strokeDash=[6, 4])
    return finished(line.encode(x=across, y=upwards) + own.encode(x=across), title, 280)
