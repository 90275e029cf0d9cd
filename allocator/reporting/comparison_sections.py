"""The parts of the comparison's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from allocator.model.comparison import ComparisonFigures
from allocator.reporting import charts, comparison_charts
from allocator.reporting.comparison_words import ComparisonWords
from allocator.reporting.parts import Chart, Grid, Section, grid_of

_GROUPS_DRAWN: Final = 12
Column = tuple[str, list[str], bool]


def sections(figures: ComparisonFigures, words: ComparisonWords) -> list[Section]:
    """All parts in reading order; those without anything to say are left out."""
    makers = (_side_by_side, _bands, _groups, _target, _envy, _changes, _exploited, _price, _refused, _proofs)
    parts = [maker(figures, words) for maker in makers]
    return [part for part in parts if part is not None]


def _ran(figures: ComparisonFigures, words: ComparisonWords) -> pd.DataFrame:
    ran = figures.mechanisms[figures.mechanisms["refusal"] == ""].reset_index(drop=True)
    names = [_name(row, words) for _, row in ran.iterrows()]
    return ran.assign(name=names)


def _name(row: pd.Series, words: ComparisonWords) -> str:
    own = words.told("own") if row["is_own"] else ""
    return words.mechanism(row["mechanism"]) + own


def _cells(frame: pd.DataFrame, column: str, write: Callable[[Any], str]) -> list[str]:
    return [write(value) for value in frame[column]]


def _section(
    anchor: str,
    words: ComparisonWords,
    shown: tuple[Chart, ...],
    grids: tuple[Grid, ...],
    **lead: object,
) -> Section:
    return Section(
        anchor,
        words.told(f"{anchor}_title"),
        words.told(f"{anchor}_lead", **lead),
        words.told(f"{anchor}_legend", **lead),
        shown,
        grids,
    )


def _parts(
    frame: pd.DataFrame, columns: dict[str, pd.Series], words: ComparisonWords, title: str, colours: list[str]
) -> Chart:
    """Stacked bars: one per mechanism, a part per column."""
    labels = [words.told(f"part_{name}") for name in columns]
    rows = pd.concat(
        [
            pd.DataFrame({"name": frame["name"], "part": label, "value": values.astype("int64"), "place": at})
            for at, (label, values) in enumerate(zip(labels, columns.values(), strict=True))
        ]
    )
    spec = charts.stacked(rows, title, words.text("axis_households"), labels, colours)
    return Chart(spec, title)


def _side_by_side(figures: ComparisonFigures, words: ComparisonWords) -> Section:
    ran = _ran(figures, words)
    title = words.told("side_title")
    first, housed = ran["num_first"].astype("int64"), ran["num_housed"].astype("int64")
    parts = {"first": first, "later": housed - first, "none": figures.num_households - housed}
    chart = _parts(ran, parts, words, title, [charts.DARK, "#56b4e9", charts.PALE])
    grid = grid_of(
        [
            (words.told("col_mechanism"), ran["name"].tolist(), False),
            (words.told("col_housed"), _cells(ran, "num_housed", words.count), True),
            (words.told("col_expected"), _cells(ran, "expected_housed", words.rank), True),
            (words.told("col_first"), _cells(ran, "num_first", words.count), True),
            (words.told("col_mean_rank"), _cells(ran, "mean_rank", words.rank), True),
        ]
    )
    own = ran[ran["is_own"]]
    told = words.count(own["num_housed"].iloc[0]) if len(own) else words.count(None)
    return _section("side", words, (chart,), (grid,), housed=told)


def _bands(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    if figures.bands.empty:
        return None
    names = [words.mechanism(name) for name in dict.fromkeys(figures.bands["mechanism"])]
    spans = [
        words.span(*span)
        for span in zip(figures.bands["first_band"], figures.bands["last_band"], strict=True)
    ]
    frame = figures.bands.assign(name=spans, named=[words.mechanism(n) for n in figures.bands["mechanism"]])
    drawn = pd.DataFrame({"mechanism": frame["named"], "name": spans, "value": frame["mean_rank"]})
    title = words.told("bands_title")
    spec = comparison_charts.lines(drawn, title, words.told("axis_mean_rank"), words.told("axis_band"), names)
    grid = grid_of(
        [
            (words.told("col_mechanism"), frame["named"].tolist(), False),
            (words.told("axis_band"), spans, True),
            (words.text("col_households"), _cells(frame, "num_households", words.count), True),
            (words.told("col_housed"), _cells(frame, "num_housed", words.few), True),
            (words.told("col_mean_rank"), _cells(frame, "mean_rank", words.rank), True),
        ]
    )
    return _section("bands", words, (Chart(spec, title),), (grid,))


def _groups(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    shown, grids = [], []
    names = [words.mechanism(name) for name in dict.fromkeys(figures.groups["mechanism"])]
    for grouping, rows in figures.groups.groupby("grouping", sort=False):
        caption = words.told(f"grouping_{grouping}")
        frame = rows.assign(
            name=[words.group_of(str(grouping), group) for group in rows["group"]],
            named=[words.mechanism(name) for name in rows["mechanism"]],
        )
        if frame["name"].nunique() < 2:
            continue
        largest = frame.groupby("name", sort=False)["num_households"].max()
        largest = largest.sort_values(ascending=False, kind="stable")
        drawn = frame[frame["name"].isin(largest.index[:_GROUPS_DRAWN])]
        spec = comparison_charts.intervals_side_by_side(
            drawn[["rate", "low", "high", "name"]].assign(mechanism=drawn["named"]),
            caption,
            words.text("axis_share"),
            names,
        )
        shown.append(Chart(spec, caption, caption))
        grids.append(grid_of(_group_columns(frame, caption, words)))
    if not shown:
        return None
    return _section("groups", words, tuple(shown), tuple(grids))


def _group_columns(frame: pd.DataFrame, caption: str, words: ComparisonWords) -> list[Column]:
    spans = [
        f"{words.percent(low)} – {words.percent(high)}"
        for low, high in zip(frame["low"], frame["high"], strict=True)
    ]
    return [
        (caption, frame["name"].tolist(), False),
        (words.told("col_mechanism"), frame["named"].tolist(), False),
        (words.text("col_households"), _cells(frame, "num_households", words.count), True),
        (words.told("col_housed"), _cells(frame, "num_housed", words.few), True),
        (words.text("col_share"), _cells(frame, "rate", words.percent), True),
        (words.text("col_interval"), spans, True),
        (words.text("col_ratio"), _cells(frame, "impact_ratio", words.rank), True),
        (words.told("col_first"), _cells(frame, "num_first", words.few), True),
        (words.told("col_mean_rank"), _cells(frame, "mean_rank", words.rank), True),
    ]


def _target(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    if figures.targets.empty:
        why = figures.target_refusal
        return Section("target", words.told("target_title"), words.refusal(*why), "") if why[0] else None
    targets, groupings = figures.targets, list(dict.fromkeys(figures.targets["grouping"]))
    names = [
        words.group_of(grouping, group)
        for grouping, group in zip(targets["grouping"], targets["group"], strict=True)
    ]
    wanted = grid_of(
        [
            (words.text("col_group"), names, False),
            (words.text("col_households"), _cells(targets, "num_households", words.count), True),
            (words.told("col_target"), _cells(targets, "target", words.few), True),
            (
                words.text("col_share"),
                [words.percent(share) for share in targets["target"] / targets["num_households"]],
                True,
            ),
        ]
    )
    short = figures.distances.pivot_table(index="mechanism", columns="grouping", values="short", sort=False)
    distance = grid_of(
        [
            (words.told("col_mechanism"), [words.mechanism(str(name)) for name in short.index], False),
            *(
                (words.told(f"grouping_{grouping}"), [words.few(int(one)) for one in short[grouping]], True)
                for grouping in groupings
            ),
        ]
    )
    proof = words.told("target_proved" if targets["is_proved"].all() else "target_unproved")
    section = _section("target", words, (), (distance, wanted))
    return replace(section, note=proof)


def _envy(figures: ComparisonFigures, words: ComparisonWords) -> Section:
    ran = _ran(figures, words)
    inside = ran["envy_households_in_band"].astype("int64")
    parts = {"in_band": inside, "across": ran["envy_households"].astype("int64") - inside}
    chart = _parts(ran, parts, words, words.told("envy_title"), [charts.LIGHT, "#d55e00"])
    grid = grid_of(
        [
            (words.told("col_mechanism"), ran["name"].tolist(), False),
            (words.told("col_envy"), _cells(ran, "envy_households", words.count), True),
            (words.told("col_pairs"), _cells(ran, "envy_pairs", words.count), True),
            (words.told("col_envy_in_band"), _cells(ran, "envy_households_in_band", words.count), True),
            (words.told("col_pairs_in_band"), _cells(ran, "envy_pairs_in_band", words.count), True),
        ]
    )
    return _section("envy", words, (chart,), (grid,))


def _changes(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    ran = _ran(figures, words)
    others = ran[~ran["is_own"]].reset_index(drop=True)
    own = ran[ran["is_own"]]
    if others.empty or own.empty:
        return None
    parts = {name: others[name].astype("int64") for name in ("better", "worse")}
    chart = _parts(others, parts, words, words.told("changes_title"), ["#009e73", "#d55e00"])
    grid = grid_of(
        [
            (words.told("col_mechanism"), others["name"].tolist(), False),
            *(
                (words.told(f"col_{name}"), _cells(others, name, words.few), True)
                for name in ("better", "newly_housed", "worse", "lost")
            ),
        ]
    )
    return _section("changes", words, (chart,), (grid,), own=words.mechanism(str(own["mechanism"].iloc[0])))


def _exploited(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    ran = _ran(figures, words)
    asked = ran[ran["num_sampled"].notna()].reset_index(drop=True)
    if asked.empty:
        return None
    share = asked["num_exploiting"].astype("float64") / asked["num_sampled"].astype("float64")
    labels = [words.percent(one) for one in share]
    frame = pd.DataFrame({"name": asked["name"], "rate": share, "label": labels})
    frame = frame.assign(low=asked["exploit_low"].astype(float), high=asked["exploit_high"].astype(float))
    title = words.told("exploited_title")
    spec = charts.intervals(frame, title, words.told("axis_exploited"), float(share.iloc[0]))
    spans = [
        f"{words.percent(low)} – {words.percent(high)}"
        for low, high in zip(frame["low"], frame["high"], strict=True)
    ]
    grid = grid_of(
        [
            (words.told("col_mechanism"), asked["name"].tolist(), False),
            (words.told("col_sampled"), _cells(asked, "num_sampled", words.count), True),
            (words.told("col_exploiting"), _cells(asked, "num_exploiting", words.count), True),
            (words.text("col_interval"), spans, True),
        ]
    )
    return _section("exploited", words, (Chart(spec, title),), (grid,))


def _price(figures: ComparisonFigures, words: ComparisonWords) -> Section:
    optimum = figures.optimum
    if not optimum:
        code, params = figures.optimum_refusal
        return Section("price", words.told("price_title"), words.refusal(code, params), "")
    ran = _ran(figures, words)
    grids = [
        grid_of(
            [
                (words.told("col_mechanism"), ran["name"].tolist(), False),
                (words.told("col_price_housed"), _cells(ran, "price_housed", words.signed), True),
                (words.told("col_price_first"), _cells(ran, "price_first", words.signed), True),
            ]
        )
    ]
    if not figures.quotas.empty:
        rules = figures.quotas
        grids.append(
            grid_of(
                [
                    (
                        words.told("col_rule"),
                        [name or words.told("every_pool") for name in rules["name"]],
                        False,
                    ),
                    (words.told("col_kind"), [words.told(f"kind_{kind}") for kind in rules["kind"]], False),
                    (words.told("col_rule_housed"), _cells(rules, "num_housed", words.signed), True),
                    (words.told("col_rule_first"), _cells(rules, "num_first", words.signed), True),
                    (words.told("col_rule_ranks"), _cells(rules, "total_rank", words.signed), True),
                    (words.told("col_rule_group"), _cells(rules, "group_housed", words.signed), True),
                ]
            )
        )
    return _section(
        "price",
        words,
        (),
        tuple(grids),
        housed=words.count(optimum["num_housed"]),
        first=words.count(optimum["num_first"]),
        envy=words.count(optimum["envy_households"]),
        proofs=words.laws(list(optimum["proofs"])),
    )


def _refused(figures: ComparisonFigures, words: ComparisonWords) -> Section | None:
    refused = figures.mechanisms[figures.mechanisms["refusal"] != ""]
    if refused.empty:
        return None
    reasons = [
        words.refusal(code, params)
        for code, params in zip(refused["refusal"], refused["refusal_params"], strict=True)
    ]
    grid = grid_of(
        [
            (words.told("col_mechanism"), [words.mechanism(n) for n in refused["mechanism"]], False),
            (words.told("col_why"), reasons, False),
        ]
    )
    return _section("refused", words, (), (grid,))


def _proofs(figures: ComparisonFigures, words: ComparisonWords) -> Section:
    ran = _ran(figures, words)
    grid = grid_of(
        [
            (words.told("col_mechanism"), ran["name"].tolist(), False),
            (words.told("col_proofs"), _cells(ran, "proofs", words.laws), False),
            (words.told("col_broken"), _cells(ran, "broken", words.laws), False),
        ]
    )
    return _section("proofs", words, (), (grid,))
