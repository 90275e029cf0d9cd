"""Charts as Vega-Lite specifications. Colours: Okabe and Ito's, told apart by colour-blind readers and in grey."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

DARK: Final = "#0b5a8f"
LIGHT: Final = "#f0b429"
PALE: Final = "#c9d6df"
INK: Final = "#1d2733"
REASONS: Final = ("#0b5a8f", "#56b4e9", "#f0b429", "#d55e00", "#8a95a1")
FONT: Final = "'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', system-ui, sans-serif"
_LABEL_LIMIT: Final = 320


def finished(chart: Any, title: str, height: int | Any) -> dict[str, Any]:
    """The chart as a plain document with the house's type, ink and grid."""
    return (
        chart.properties(width="container", height=height, description=title)
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            labelLimit=_LABEL_LIMIT,
            gridColor="#e3e8ec",
            domainColor="#9aa7b2",
            tickColor="#9aa7b2",
        )
        .configure_legend(
            orient="top", title=None, labelFontSize=13, labelColor=INK, symbolType="square", labelLimit=300
        )
        .configure_text(fontSize=13, color=INK)
        .to_dict()
    )


def _rows(names: list[str]) -> Any:
    """The category axis: names in the given order, no title."""
    return alt.Y("name:N", sort=names, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))


def bars(frame: pd.DataFrame, title: str, axis_title: str) -> dict[str, Any]:
    """Horizontal bars with their words at the end. ``frame``: name, value, label; in order."""
    names = frame["name"].tolist()
    limit = max(float(frame["value"].max()), 1.0) * 1.34
    value = alt.X(
        "value:Q",
        title=axis_title,
        scale=alt.Scale(domain=[0, limit]),
        axis=alt.Axis(tickCount=5, format=",.0f"),
    )
    base = alt.Chart(frame).encode(y=_rows(names), x=value)
    marks = base.mark_bar(color=DARK, cornerRadiusEnd=2, height={"band": 0.68})
    words = base.mark_text(align="left", dx=6).encode(text="label:N")
    return finished(marks + words, title, 38 * max(len(frame), 1) + 10)


def columns(frame: pd.DataFrame, title: str, axis_title: str, category_title: str) -> dict[str, Any]:
    """Upright bars with their words on top. ``frame``: name, value, label; in order."""
    limit = max(float(frame["value"].max()), 1.0) * 1.15
    axis = alt.Axis(labelAngle=0, ticks=False)
    base = alt.Chart(frame).encode(
        x=alt.X("name:N", sort=frame["name"].tolist(), title=category_title, axis=axis),
        y=alt.Y(
            "value:Q",
            title=axis_title,
            scale=alt.Scale(domain=[0, limit]),
            axis=alt.Axis(tickCount=4, format=",.0f"),
        ),
    )
    marks = base.mark_bar(color=DARK, cornerRadiusEnd=2, width={"band": 0.7})
    words = base.mark_text(baseline="bottom", dy=-5).encode(text="label:N")
    return finished(marks + words, title, 280)


def stacked(
    frame: pd.DataFrame, title: str, axis_title: str, parts: list[str], colours: list[str]
) -> dict[str, Any]:
    """Horizontal bars in parts. ``frame``: name, part, value, place (order of the part), total (label)."""
    names = list(dict.fromkeys(frame["name"]))
    totals = frame.groupby("name", sort=False)["value"].sum()
    limit = max(float(totals.max()), 1.0) * 1.15
    marks = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.68}, stroke="white", strokeWidth=1)
        .encode(
            y=_rows(names),
            x=alt.X(
                "value:Q",
                title=axis_title,
                stack="zero",
                scale=alt.Scale(domain=[0, limit]),
                axis=alt.Axis(tickCount=5, format=",.0f"),
            ),
            color=alt.Color("part:N", sort=parts, scale=alt.Scale(domain=parts, range=colours)),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("part:N", title="·"),
                alt.Tooltip("value:Q", title="#", format=",.0f"),
            ],
        )
    )
    ends = pd.DataFrame({"name": totals.index, "value": totals.to_numpy()})
    ends["label"] = [f"{count:,}" for count in totals]
    words = alt.Chart(ends).mark_text(align="left", dx=6).encode(y=_rows(names), x="value:Q", text="label:N")
    return finished(marks + words, title, 36 * max(len(names), 1) + 10)


def reach(
    frame: pd.DataFrame, title: str, axis_title: str, parts: list[str], num_positions: int
) -> dict[str, Any]:
    """How far each pool reached in the order. ``frame``: name, value (position), part (ran out or not), label."""
    value = alt.X(
        "value:Q",
        title=axis_title,
        scale=alt.Scale(domain=[0, max(num_positions, 1) * 1.12]),
        axis=alt.Axis(tickCount=6, format=",.0f", orient="top"),
    )
    colour = alt.Color("part:N", sort=parts, scale=alt.Scale(domain=parts, range=[DARK, PALE]))
    base = alt.Chart(frame).encode(y=_rows(frame["name"].tolist()), x=value)
    marks = base.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2).encode(color=colour)
    words = base.mark_text(align="left", dx=5, fontSize=12).encode(text="label:N")
    return finished(marks + words, title, 23 * max(len(frame), 1) + 10)


def intervals(frame: pd.DataFrame, title: str, axis_title: str, overall: float) -> dict[str, Any]:
    """A dot and its 95 % interval per row, and the share of all. ``frame``: name, rate, low, high, label."""
    percent = alt.Axis(format="%", tickCount=5)
    limit = min(1.0, float(frame["high"].max()) * 1.08 + 0.02)
    value = alt.X("low:Q", title=axis_title, scale=alt.Scale(domain=[0, limit]), axis=percent)
    base = alt.Chart(frame).encode(y=_rows(frame["name"].tolist()))
    lines = base.mark_rule(color=DARK, strokeWidth=3, opacity=0.45).encode(x=value, x2="high:Q")
    dots = base.mark_point(color=DARK, filled=True, size=95, opacity=1).encode(x="rate:Q")
    words = base.mark_text(dy=-12, fontSize=12).encode(x="rate:Q", text="label:N")
    # A white rim keeps the words legible where the line of all runs behind them.
    rims = base.mark_text(dy=-12, fontSize=12, stroke="white", strokeWidth=5).encode(
        x="rate:Q", text="label:N"
    )
    everyone = (
        alt.Chart(pd.DataFrame({"rate": [overall]}))
        .mark_rule(color="#d55e00", strokeDash=[6, 4], strokeWidth=1.5)
        .encode(x="rate:Q")
    )
    return finished(everyone + lines + dots + rims + words, title, 46 * max(len(frame), 1) + 10)
