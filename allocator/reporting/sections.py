"""The parts of a round's page: heading, a sentence, charts, a legend in words, a table."""

from __future__ import annotations

from typing import Final

import pandas as pd

from allocator.model.figures import RoundFigures
from allocator.reporting import charts
from allocator.reporting.parts import Chart, Grid, Section, counts_of, grid_of, not_yet
from allocator.reporting.wording import Wording

_POOLS_SHOWN: Final = 30
_REASONS: Final = (
    "nobody_asked",
    "fewer_asked_than_places",
    "preferred_elsewhere",
    "waived",
    "not_allocated",
)


def sections(figures: RoundFigures, words: Wording) -> list[Section]:
    """All sections in reading order."""
    makers = (_funnel, _supply, _ranks, _closing, _rates, _empty, _sub_rounds)
    return [maker(figures, words) for maker in makers]


def _funnel(figures: RoundFigures, words: Wording) -> Section:
    funnel = figures.funnel
    received = max(int(funnel["num_households"].iloc[0]), 1)
    names = [words.word("step", step) for step in funnel["step"]]
    counts = counts_of(words, funnel["num_households"])
    shares = [words.percent(count / received) for count in funnel["num_households"]]
    labels = [f"{count}  ({share})" for count, share in zip(counts, shares, strict=True)]
    frame = pd.DataFrame({"name": names, "value": funnel["num_households"], "label": labels})
    title, axis = words.text("funnel_title"), words.text("axis_households")
    lead = words.text("funnel_lead", received=counts[0], last_count=counts[-1], last_step=names[-1])
    way = [
        (words.text("col_step"), names, False),
        (words.text("col_households"), counts, True),
        (words.text("col_share"), shares, True),
    ]
    classes = [words.word("class", name) for name in figures.receipts["receipt_class"]]
    receipts = [
        (words.text("receipts_title"), classes, False),
        (words.text("col_households"), counts_of(words, figures.receipts["num_households"]), True),
    ]
    chart = Chart(
        charts.bars(frame, title, axis),
        f"{title}: {'; '.join(map(' '.join, zip(names, labels, strict=True)))}",
    )
    grids = (grid_of(way), grid_of(receipts))
    return Section("funnel", title, lead, words.text("funnel_legend"), (chart,), grids)


def _supply(figures: RoundFigures, words: Wording) -> Section:
    supply = figures.supply
    places = supply["num_flats"] + supply["num_beds"]
    names = [words.word("mode", mode) for mode in supply["supply_mode"]]
    if figures.is_allocated:
        taken = supply["num_housed"].astype("int64")
        states, parts = ("housed", "empty"), (taken, places - taken)
    else:
        states, parts = ("flats", "beds"), (supply["num_flats"], supply["num_beds"])
    labels = [words.text(f"state_{state}") for state in states]
    frame = pd.concat(
        [
            pd.DataFrame({"name": names, "part": label, "value": part, "place": place})
            for place, (label, part) in enumerate(zip(labels, parts, strict=True))
        ]
    )
    title = words.text("supply_title")
    lead = words.text(
        "supply_lead",
        places=words.count(places.sum()),
        modes=int((places > 0).sum()),
        flats=words.count(supply["num_flats"].sum()),
        beds=words.count(supply["num_beds"].sum()),
    )
    empty = places.astype("Int64") - supply["num_housed"]
    grid = grid_of(
        [
            (words.text("col_mode"), names, False),
            (words.text("col_flats"), counts_of(words, supply["num_flats"]), True),
            (words.text("col_beds"), counts_of(words, supply["num_beds"]), True),
            (words.text("col_places"), counts_of(words, places), True),
            (words.text("col_housed"), counts_of(words, supply["num_housed"]), True),
            (words.text("col_empty"), counts_of(words, empty), True),
        ]
    )
    spec = charts.stacked(frame, title, words.text("axis_places"), labels, [charts.DARK, charts.LIGHT])
    return Section(
        "supply", title, lead, words.text("supply_legend"), (Chart(spec, f"{title}. {lead}"),), (grid,)
    )


def _ranks(figures: RoundFigures, words: Wording) -> Section:
    ranks = figures.ranks
    if ranks.empty:
        return not_yet("ranks", words)
    total = max(int(ranks["num_households"].sum()), 1)
    names = [words.rank_span(*span) for span in zip(ranks["first_rank"], ranks["last_rank"], strict=True)]
    counts = counts_of(words, ranks["num_households"])
    shares = [words.percent(count / total) for count in ranks["num_households"]]
    frame = pd.DataFrame({"name": names, "value": ranks["num_households"], "label": counts})
    title = words.text("ranks_title")
    lead = words.text(
        "ranks_lead",
        first_share=words.percent(share_up_to(figures, 1)),
        third_share=words.percent(share_up_to(figures, 3)),
    )
    grid = grid_of(
        [
            (words.text("col_rank"), names, False),
            (words.text("col_households"), counts, True),
            (words.text("col_share"), shares, True),
        ]
    )
    spec = charts.columns(frame, title, words.text("axis_households"), words.text("axis_rank"))
    return Section(
        "ranks", title, lead, words.text("ranks_legend"), (Chart(spec, f"{title}. {lead}"),), (grid,)
    )


def share_up_to(figures: RoundFigures, rank: int) -> float:
    """Share of the housed that got this rank or better; NaN where merged spans do not tell or nobody is housed."""
    ranks = figures.ranks
    total = int(ranks["num_households"].sum())
    is_straddling = (
        (ranks["first_rank"] <= rank) & (ranks["last_rank"] > rank) & (ranks["num_households"] > 0)
    )
    if total == 0 or is_straddling.any():
        return float("nan")
    return float(ranks.loc[ranks["last_rank"] <= rank, "num_households"].sum()) / total


def _closing(figures: RoundFigures, words: Wording) -> Section:
    pools = figures.pools
    if pools["num_housed"].isna().all():
        return not_yet("closing", words)
    main = _main_sub_round(figures)
    shown = pools[pools["sub_round"] == main].sort_values(["num_asked", "pool"], ascending=[False, True])
    is_closed = shown["num_turned_away"] > 0
    num_positions = figures.totals.get(f"on_roster_{main}", figures.totals["on_roster"])
    told = shown.head(_POOLS_SHOWN)
    parts = [words.text("state_closed"), words.text("state_open")]
    frame = pd.DataFrame(
        {
            "name": _distinct(
                [words.pool(row) for _, row in told.iterrows()], told["rent_per_m2_fen"], words
            ),
            "value": told["cut_position"]
            .where(is_closed.loc[told.index])
            .fillna(num_positions)
            .astype("int64"),
            "part": [parts[0] if closed else parts[1] for closed in is_closed.loc[told.index]],
            "label": [_reached(row, words) for _, row in told.iterrows()],
        }
    )
    title = words.text("closing_title")
    lead = words.text(
        "closing_lead",
        sub_round=words.sub_round(main),
        closed=words.count(is_closed.sum()),
        pools=words.count(len(shown)),
    )
    spec = charts.reach(frame, title, words.text("axis_position"), parts, num_positions)
    note = words.text("closing_shown", shown=len(told)) if len(told) < len(shown) else ""
    legend = words.text("closing_legend")
    return Section(
        "closing", title, lead, legend, (Chart(spec, f"{title}. {lead}"),), (_pool_grid(pools, words),), note
    )


def _main_sub_round(figures: RoundFigures) -> str:
    """The sub-round with the most demand on its pools."""
    asked = figures.pools.groupby("sub_round", sort=True)["num_asked"].sum()
    return str(asked.idxmax())


def _distinct(names: list[str], rents: pd.Series, words: Wording) -> list[str]:
    """Pools that differ by rent alone carry it in their name."""
    doubled = pd.Series(names).duplicated(keep=False)
    return [
        f"{name} · {words.text('yuan', amount=words.yuan(rent))}" if double else name
        for name, rent, double in zip(names, rents, doubled, strict=True)
    ]


def _reached(row: pd.Series, words: Wording) -> str:
    """The closing position in words; nothing where nobody was turned away."""
    if row["num_turned_away"] == 0 or pd.isna(row["closing_position"]):
        return ""
    if row["closing_position"] == 0 and pd.notna(row["closing_band"]):
        return words.text("filled_earlier", band=int(row["closing_band"]) - 1)
    return words.count(row["closing_position"])


def _pool_grid(pools: pd.DataFrame, words: Wording) -> Grid:
    open_word = words.text("state_open")
    return grid_of(
        [
            (words.text("col_sub_round"), [words.sub_round(name) for name in pools["sub_round"]], False),
            (words.text("col_pool"), [words.pool(row) for _, row in pools.iterrows()], False),
            (words.text("col_rent"), [words.yuan(rent) for rent in pools["rent_per_m2_fen"]], True),
            (words.text("col_places"), counts_of(words, pools["capacity"]), True),
            (words.text("col_asked"), counts_of(words, pools["num_asked"]), True),
            (words.text("col_housed"), counts_of(words, pools["num_housed"]), True),
            (words.text("col_empty"), counts_of(words, pools["num_empty"]), True),
            (words.text("col_turned_away"), counts_of(words, pools["num_turned_away"]), True),
            (
                words.text("col_closing"),
                [_reached(row, words) or open_word for _, row in pools.iterrows()],
                True,
            ),
        ]
    )


def _rates(figures: RoundFigures, words: Wording) -> Section:
    if figures.rates.empty:
        return not_yet("rates", words)
    overall = figures.totals["housed"] / max(figures.totals["on_roster"], 1)
    title, axis = words.text("rates_title"), words.text("axis_share")
    shown, grids = [], []
    for grouping, rates in figures.rates.groupby("grouping", sort=False):
        caption = words.text(f"grouping_{grouping}")
        names = [words.group(str(grouping), group, is_last=group == "5") for group in rates["group"]]
        shares = [words.percent(rate) for rate in rates["rate"]]
        frame = rates[["rate", "low", "high"]].assign(name=names, label=shares)
        spec = charts.intervals(frame, caption, axis, overall)
        shown.append(
            Chart(spec, f"{caption}: {'; '.join(map(' '.join, zip(names, shares, strict=True)))}", caption)
        )
        spans = [
            f"{words.percent(low)} – {words.percent(high)}"
            for low, high in zip(rates["low"], rates["high"], strict=True)
        ]
        grids.append(
            grid_of(
                [
                    (caption, names, False),
                    (words.text("col_households"), counts_of(words, rates["num_households"]), True),
                    (words.text("col_housed"), counts_of(words, rates["num_housed"]), True),
                    (words.text("col_share"), shares, True),
                    (words.text("col_interval"), spans, True),
                    (words.text("col_ratio"), [_ratio(ratio) for ratio in rates["impact_ratio"]], True),
                ]
            )
        )
    lead = words.text("rates_lead", share=words.percent(overall))
    return Section("rates", title, lead, words.text("rates_legend"), tuple(shown), tuple(grids))


def _ratio(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"


def _empty(figures: RoundFigures, words: Wording) -> Section:
    title, empty = words.text("empty_title"), figures.empty
    if empty.empty:
        return Section("empty", title, words.text("empty_none"), "")
    reasons = [reason for reason in _REASONS if (empty["reason"] == reason).any()]
    modes = [mode for mode in figures.supply["supply_mode"] if (empty["supply_mode"] == mode).any()]
    frame = empty.assign(
        name=[words.word("mode", mode) for mode in empty["supply_mode"]],
        part=[words.word("reason", reason) for reason in empty["reason"]],
        value=empty["num_places"],
        place=[reasons.index(reason) for reason in empty["reason"]],
        at=[modes.index(mode) for mode in empty["supply_mode"]],
    ).sort_values(["at", "place"])
    colours = [charts.REASONS[_REASONS.index(reason)] for reason in reasons]
    parts = [words.word("reason", reason) for reason in reasons]
    counts = {"empty": words.count(figures.totals["empty"]), "places": words.count(figures.totals["places"])}
    lead = words.text("empty_lead", **counts)
    told = frame[["name", "part", "value", "place"]]
    spec = charts.stacked(told, title, words.text("axis_places"), parts, colours)
    grid = grid_of(
        [
            (words.text("col_mode"), frame["name"].tolist(), False),
            (words.text("col_reason"), frame["part"].tolist(), False),
            (words.text("col_places"), counts_of(words, frame["value"]), True),
        ]
    )
    return Section(
        "empty", title, lead, words.text("empty_legend"), (Chart(spec, f"{title}. {lead}"),), (grid,)
    )


def _sub_rounds(figures: RoundFigures, words: Wording) -> Section:
    rounds = figures.sub_rounds
    if rounds.empty:
        return not_yet("rounds", words)
    draws = [
        "–" if pd.isna(drawn) else words.text("yes" if drawn else "no") for drawn in rounds["has_ceremony"]
    ]
    grid = grid_of(
        [
            (words.text("col_sub_round"), [words.sub_round(name) for name in rounds["sub_round"]], False),
            (words.text("col_households"), counts_of(words, rounds["num_households"]), True),
            (words.text("col_places"), counts_of(words, rounds["num_places"]), True),
            (words.text("col_housed"), counts_of(words, rounds["num_housed"]), True),
            (words.text("col_empty"), counts_of(words, rounds["num_empty"]), True),
            (words.text("col_draw"), draws, False),
        ]
    )
    return Section("rounds", words.text("rounds_title"), words.text("rounds_legend"), "", (), (grid,))
