"""Charts of the comparison's page: scenarios told apart by colour and shape, every mean with its 95 % interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import altair as alt
import pandas as pd

from allocator.reporting.charts import DARK, INK, finished
from allocator.reporting.comparison_charts import COLOURS

_ROWS: Final = "rows"
_GAIN: Final = DARK
_LOSE: Final = "#d55e00"
_BASELINE: Final = "#5b6670"
_SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_SIGNS: Final = ("●", "■", "▲", "◆", "✚", "▼")


@dataclass(frozen=True)
class Palette:
    """The names drawn: ``baseline`` first, grey; the others in colours, always the same on one page."""

    baseline: str
    others: tuple[str, ...]

    @property
    def everyone(self) -> list[str]:
        """Baseline first."""
        return [self.baseline, *self.others]

    def colour(self, names: Sequence[str]) -> Any:
        """Colour by scenario."""
        colours = dict(zip(self.everyone, [_BASELINE, *(len(self.others) * COLOURS)], strict=False))
        scale = alt.Scale(domain=list(names), range=[colours[name] for name in names])
        return alt.Color("name:N", sort=list(names), scale=scale, legend=None)

    def shape(self, names: Sequence[str]) -> Any:
        """Shape by scenario."""
        shapes = dict(zip(self.everyone, (len(self.others) + 1) * _SHAPES, strict=False))
        scale = alt.Scale(domain=list(names), range=[shapes[name] for name in names])
        return alt.Shape("name:N", sort=list(names), scale=scale, legend=None)

    def key(self) -> list[tuple[str, str, str]]:
        """(colour, sign, name) of each scenario: the one key of all charts."""
        num = len(self.others)
        colours = [_BASELINE, *(num * COLOURS)[:num]]
        return list(zip(colours, ((num + 1) * _SIGNS)[: num + 1], self.everyone, strict=True))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as they stand in the page; unknown is null."""
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows


def _inline(**columns: list[Any]) -> Any:
    return alt.Data(values=_records(pd.DataFrame(columns)))


def _done(chart: Any, frame: pd.DataFrame, title: str, height: int) -> dict[str, Any]:
    return _filled(finished(chart, title, height), frame, title)


def _filled(form: dict[str, Any], frame: pd.DataFrame, title: str) -> dict[str, Any]:
    """The finished chart with its rows put in last: altair would check each of them, at ten times the cost."""
    rows = {**form.get("datasets", {}), _ROWS: _records(frame)}
    return {**form, "description": title, "datasets": rows}


def _band(values: list[str]) -> Any:
    return alt.Scale(domain=values, paddingInner=0.3, paddingOuter=0.2)


def _categories(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["group"]))


def courses(
    frame: pd.DataFrame, title: str, axes: tuple[str, str], palette: Palette, warm_up: tuple[int, str]
) -> dict[str, Any]:
    """Lines over the months with their bands. ``frame``: name, month, value, low, high; ``warm_up``: months and its word.

    The warm-up is the grey ground left of month 0.
    """
    drawn = set(frame["name"])
    names = tuple(name for name in palette.everyone if name in drawn)
    return _filled(_form_of_courses(names, axes, palette, warm_up), frame, title)


@cache
def _form_of_courses(
    names: tuple[str, ...], axes: tuple[str, str], palette: Palette, warm_up: tuple[int, str]
) -> dict[str, Any]:
    """The chart without rows: a page has a dozen of one form, and making one is dear."""
    months, word = warm_up
    across = alt.X(
        "month:Q", title=axes[0], scale=alt.Scale(nice=False), axis=alt.Axis(tickMinStep=1, format="d")
    )
    upwards = alt.Y("low:Q", title=axes[1], scale=alt.Scale(zero=False, nice=True))
    colour = palette.colour(names)
    base = alt.Chart(alt.NamedData(_ROWS)).encode(x=across, color=colour)
    bands = base.mark_area(opacity=0.13).encode(y=upwards, y2="high:Q")
    of_baseline = alt.datum.name == palette.baseline
    lines = base.transform_filter(~of_baseline).mark_line(strokeWidth=2).encode(y="value:Q")
    # The baseline lies on top, dashed: what is under it is the same.
    first = base.transform_filter(of_baseline).mark_line(strokeWidth=2, strokeDash=[5, 4]).encode(y="value:Q")
    layers = [bands, lines, first]
    if months > 0:
        span = _inline(first=[-months], last=[-0.5], word=[word])
        ground = alt.Chart(span)
        layers.insert(
            0, ground.mark_rect(color="#e9edf0").encode(x=alt.X("first:Q", title=axes[0]), x2="last:Q")
        )
        layers.append(
            ground.mark_text(align="left", dx=5, dy=10, color=_BASELINE).encode(
                x="first:Q", y=alt.value(0), text="word:N"
            )
        )
    return finished(alt.layer(*layers), "", 230)


def _spans(
    frame: pd.DataFrame, axis_title: str, palette: Palette, scale: Any, axis: Any
) -> tuple[list[Any], int]:
    """Per row a dot and its interval for each scenario. ``frame``: group, name, value, low, high."""
    names = [name for name in palette.everyone if name in set(frame["name"])]
    groups = _categories(frame)
    base = alt.Chart(alt.NamedData(_ROWS)).encode(
        y=alt.Y(
            "group:N",
            sort=groups,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
            scale=_band(groups),
        ),
        yOffset=alt.YOffset("name:N", sort=names, scale=alt.Scale(domain=names)),
        color=palette.colour(names),
    )
    across = alt.X("low:Q", title=axis_title, scale=scale, axis=axis)
    spans = base.mark_rule(strokeWidth=3, opacity=0.45).encode(x=across, x2="high:Q")
    shape = palette.shape(names)
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x="value:Q", shape=shape)
    return [spans, dots], len(groups) * (13 * len(names) + 15) + 10


def levels(frame: pd.DataFrame, title: str, axis_title: str, palette: Palette) -> dict[str, Any]:
    """Dots and intervals from nothing upwards. ``frame``: group, name, value, low, high."""
    layers, height = _spans(
        frame, axis_title, palette, alt.Scale(zero=True, nice=True), alt.Axis(tickCount=5)
    )
    return _done(alt.layer(*layers), frame, title, height)


def differences(
    frame: pd.DataFrame, title: str, axis_title: str, palette: Palette, number: str
) -> dict[str, Any]:
    """Dots and intervals about the line of no difference. ``frame``: group, name, value, low, high."""
    axis = alt.Axis(tickCount=5, format=number)
    layers, height = _spans(frame, axis_title, palette, alt.Scale(zero=True, nice=True), axis)
    return _done(alt.layer(_nothing("x"), *layers), frame, title, height)


def by_decile(frame: pd.DataFrame, title: str, axes: tuple[str, str], palette: Palette) -> dict[str, Any]:
    """Differences over the deciles, upright. ``frame``: group (decile), name, value, low, high."""
    drawn = set(frame["name"])
    names = tuple(name for name in palette.everyone if name in drawn)
    return _filled(_form_by_decile(names, tuple(_categories(frame)), axes, palette), frame, title)


@cache
def _form_by_decile(
    names: tuple[str, ...], deciles: tuple[str, ...], axes: tuple[str, str], palette: Palette
) -> dict[str, Any]:
    """The chart without rows, as ``_form_of_courses``."""
    base = alt.Chart(alt.NamedData(_ROWS)).encode(
        x=_decile_axis(deciles, axes[0]),
        xOffset=alt.XOffset("name:N", sort=list(names), scale=alt.Scale(domain=list(names))),
        color=palette.colour(names),
    )
    upwards = alt.Y("low:Q", title=axes[1], axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True, nice=True))
    spans = base.mark_rule(strokeWidth=2.5, opacity=0.45).encode(y=upwards, y2="high:Q")
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(y="value:Q", shape=palette.shape(names))
    return finished(alt.layer(_nothing("y"), spans, dots), "", 230)


def gains(
    frame: pd.DataFrame, title: str, axes: tuple[str, str], words: tuple[str, str], limit: float
) -> dict[str, Any]:
    """Who gains upwards, who loses downwards. ``frame``: group (decile), part, value, low, high (losers below 0).

    ``words``: gain, lose; ``limit``: the end of the axis on both sides, the same for all scenarios.
    """
    base = alt.Chart(alt.NamedData(_ROWS)).encode(x=_decile_axis(_categories(frame), axes[0]))
    upwards = alt.Y(
        "value:Q",
        title=axes[1],
        scale=alt.Scale(domain=[-limit, limit], nice=False),
        axis=alt.Axis(tickCount=5, labelExpr="format(abs(datum.value), '.0%')"),
    )
    colour = alt.Color("part:N", sort=list(words), scale=alt.Scale(domain=list(words), range=[_GAIN, _LOSE]))
    bars = base.mark_bar(width={"band": 0.68}).encode(y=upwards, color=colour)
    spans = base.mark_rule(color=INK, strokeWidth=1.5).encode(y="low:Q", y2="high:Q")
    return _done(alt.layer(bars, spans, _nothing("y")), frame, title, 230)


def _decile_axis(deciles: Sequence[str], title: str) -> Any:
    axis = alt.Axis(labelAngle=0, ticks=False)
    return alt.X("group:N", sort=list(deciles), title=title, axis=axis, scale=_band(list(deciles)))


def _nothing(channel: str) -> Any:
    """The line of no difference."""
    place = alt.X("at:Q") if channel == "x" else alt.Y("at:Q")
    rule = alt.Chart(_inline(at=[0])).mark_rule(color="#9aa7b2", strokeDash=[4, 3])
    return rule.encode(**{channel: place})
