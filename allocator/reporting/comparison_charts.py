"""Charts of a comparison: several mechanisms in one picture, told apart by colour and by shape."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

from allocator.reporting.charts import finished

# Okabe and Ito's, without the yellow that vanishes on white.
COLOURS: Final = ("#0b5a8f", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1d2733", "#8a95a1")
_SHAPES: Final = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
)


def _told_apart(names: list[str]) -> tuple[Any, Any]:
    """Colour and shape by name, in this order."""
    num = len(names)
    colour = alt.Color("mechanism:N", sort=names, scale=alt.Scale(domain=names, range=list(COLOURS[:num])))
    shape = alt.Shape("mechanism:N", sort=names, scale=alt.Scale(domain=names, range=list(_SHAPES[:num])))
    return colour, shape


def lines(
    frame: pd.DataFrame, title: str, axis_title: str, category_title: str, names: list[str]
) -> dict[str, Any]:
    """A line per mechanism over ordered categories. ``frame``: mechanism, name (category), value; NaN leaves a gap."""
    colour, shape = _told_apart(names)
    categories = list(dict.fromkeys(frame["name"]))
    base = alt.Chart(frame).encode(
        x=alt.X(
            "name:O",
            sort=categories,
            title=category_title,
            axis=alt.Axis(labelAngle=0, ticks=False),
            scale=alt.Scale(padding=0.4),
        ),
        y=alt.Y("value:Q", title=axis_title, scale=alt.Scale(zero=False, nice=True)),
        color=colour,
    )
    marks = base.mark_line(strokeWidth=2) + base.mark_point(filled=True, size=80, opacity=1).encode(
        shape=shape
    )
    return finished(marks, title, 300)


def intervals_side_by_side(
    frame: pd.DataFrame, title: str, axis_title: str, names: list[str]
) -> dict[str, Any]:
    """Per group a dot and its 95 % interval for each mechanism. ``frame``: mechanism, name (group), rate, low, high."""
    colour, shape = _told_apart(names)
    groups = list(dict.fromkeys(frame["name"]))
    limit = min(1.0, float(frame["high"].max()) * 1.08 + 0.02)
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N",
            sort=groups,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
            scale=alt.Scale(paddingInner=0.3),
        ),
        yOffset=alt.YOffset("mechanism:N", sort=names, scale=alt.Scale(domain=names)),
        color=colour,
    )
    low = alt.X(
        "low:Q",
        title=axis_title,
        scale=alt.Scale(domain=[0, limit]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    spans = base.mark_rule(strokeWidth=2.5, opacity=0.5).encode(x=low, x2="high:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x="rate:Q", shape=shape)
    return finished(spans + dots, title, max(len(groups), 1) * (14 * max(len(names), 1) + 16) + 10)
