"""``round compare`` and ``round odds``: the frozen inputs of a month from the store, measured, on pages and in files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.errors import Refused, WrongUsage
from allocator.messages import LANGUAGES
from allocator.model.comparison import ComparisonFigures
from allocator.model.lookups import is_among, positions_among
from allocator.model.month import month_of
from allocator.model.records import RoundRecord
from allocator.office import frozen
from allocator.office.explaining import law_of
from allocator.policy.in_force import Policy
from allocator.ranking.draw import order_of
from allocator.reporting.comparison import comparison_page
from allocator.rounds import comparing, trying
from allocator.rounds import odds as chances
from allocator.rounds.allocation import instance_in_order
from allocator.rounds.freeze import PUBLIC, SubRound
from allocator.rounds.odds import Odds
from allocator.rounds.trying import Tick, Way
from allocator.store import Store

_LEFT: Final = ("withdrawn", "frozen")
_GROUPINGS: Final = ("branch", "employer_id", "num_persons", "priority_group")


@dataclass(frozen=True)
class Wish:
    """What is asked. ``sample``: households tried with misreports; ``seed``: of rehearsed draws and samples."""

    month: str
    store_url: str
    out: Path
    sub_round: str = PUBLIC
    seed: int = 1
    sample: int = 20
    is_dry_run: bool = False
    all_lotteries: bool = False


@dataclass(frozen=True, eq=False)
class _Month:
    """A month's frozen inputs. ``gone``: receipts that left after the roster was published."""

    record: RoundRecord
    policy: Policy
    rounds: tuple[SubRound, ...]
    people: pd.DataFrame
    gone: frozenset[str]


def compare(wish: Wish, *, tick: Tick = trying.quiet) -> tuple[ComparisonFigures, list[Path]]:
    """All mechanisms on one sub-round; the figures, and where the pages stand (would stand, in a dry run).

    The published order where there is one, else a rehearsed draw. Raises ``Refused`` (3) before the roster is frozen,
    for an unknown sub-round and for one without pools.
    """
    month_of(wish.month)
    with Store.open(wish.store_url, create=False) as store:
        month = _month(store, wish.month)
        names = [one.name for one in month.rounds]
        if wish.sub_round not in names:
            raise Refused("compare_sub_round_unknown", sub_round=wish.sub_round, names=", ".join(names))
        chosen = month.rounds[names.index(wish.sub_round)]
        if chosen.pools.empty:
            raise Refused("compare_no_pools", month=wish.month, sub_round=chosen.name)
        is_drawn = store.has_artefact(wish.month, chosen.name, "order")
        order = _order(store, wish, chosen)
        removed = _removed(store, wish, month, chosen)
    figures = _figures(wish, month, chosen, order, removed, tick=tick, is_drawn=is_drawn)
    return figures, _write_pages(wish, figures)


def _month(store: Store, month: str) -> _Month:
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    if not record.sub_rounds:
        raise Refused("compare_not_frozen", month=month)
    standings = store.standings()
    return _Month(
        record,
        law_of(record),
        tuple(frozen.load(store, month, name) for name in record.sub_rounds),
        frozen.people(store, month),
        frozenset(standings.loc[standings["state"].isin(_LEFT), "receipt_no"]),
    )


def _order(store: Store, wish: Wish, chosen: SubRound) -> pd.DataFrame:
    if store.has_artefact(wish.month, chosen.name, "order"):
        return store.frame(wish.month, chosen.name, "order")
    seed = trying.rehearsed_seed(wish.seed, 0)
    return order_of(chosen.roster[["code", "band", "points"]], seed)


def _removed(store: Store, wish: Wish, month: _Month, chosen: SubRound) -> set[str]:
    """Codes that take no part: as filed, or by running the sub-rounds before under the policy's mechanism."""
    if store.has_artefact(wish.month, chosen.name, "removals"):
        return set(store.frame(wish.month, chosen.name, "removals")["code"])
    before = month.rounds[: month.rounds.index(chosen)]
    gone = set(month.gone)
    seed = trying.rehearsed_seed(wish.seed, 0)
    for drawn in chances.play(
        before, lambda one: _order(store, wish, one), gone, month.policy.allocation, seed
    ):
        codes = drawn.order["code"][drawn.solution.matching.assigned >= 0]
        roster = drawn.frozen.roster
        gone |= set(roster.loc[is_among(roster["code"], codes), "receipt_no"])
    return set(chosen.roster.loc[is_among(chosen.roster["receipt_no"], gone), "code"])


def _figures(
    wish: Wish,
    month: _Month,
    chosen: SubRound,
    order: pd.DataFrame,
    removed: set[str],
    *,
    tick: Tick,
    is_drawn: bool,
) -> ComparisonFigures:
    rules = month.policy.allocation
    instance = instance_in_order(chosen, order, removed)
    compared = comparing.compare(
        instance,
        _people(month, chosen, order),
        Way(rules.mechanism, rules.housing_first, rules.housed),
        seed=trying.rehearsed_seed(wish.seed, 0),
        sample=wish.sample,
        all_lotteries=wish.all_lotteries,
        tick=tick,
    )
    return ComparisonFigures(
        month=wish.month,
        sub_round=chosen.name,
        authority_zh=month.policy.authority.name_zh,
        authority_en=month.policy.authority.name_en,
        is_rehearsal=month.record.rehearsal,
        is_drawn=is_drawn,
        seed=wish.seed,
        num_households=instance.num_households,
        num_places=chosen.num_places,
        num_bands=instance.num_bands,
        **vars(compared),
    )


def _people(month: _Month, chosen: SubRound, order: pd.DataFrame) -> pd.DataFrame:
    """The groups of every household, in order."""
    place = positions_among(order["code"], chosen.roster["code"])
    receipts = chosen.roster["receipt_no"].iloc[place]
    people = month.people.iloc[positions_among(receipts, month.people["receipt_no"])]
    return people[list(_GROUPINGS)].reset_index(drop=True)


def _write_pages(wish: Wish, figures: ComparisonFigures) -> list[Path]:
    """One page per language, whole or not at all."""
    folder = wish.out / wish.month
    folder = folder if figures.sub_round == PUBLIC else folder / figures.sub_round
    pages = {folder / f"comparison-{language}.html": language for language in LANGUAGES}
    for path, language in pages.items():
        page = comparison_page(figures, language)
        if not wish.is_dry_run:
            _write(path, page.encode("utf-8"))
    return list(pages)


def odds(wish: Wish, *, num_draws: int, tick: Callable[[int], None] = lambda _: None) -> tuple[Odds, Path]:
    """Everybody's chances over rehearsed draws; and the file they stand in (would stand, in a dry run).

    The file joins receipt numbers to chances, so it stands in the private folder and is for its owner only.
    """
    month_of(wish.month)
    if num_draws < 1:
        raise WrongUsage("odds_no_draws", value=num_draws)
    with Store.open(wish.store_url, create=False) as store:
        month = _month(store, wish.month)
    found = chances.odds(
        month.rounds,
        set(month.gone),
        month.policy.allocation,
        seed=wish.seed,
        num_draws=num_draws,
        sample=wish.sample,
        tick=tick,
    )
    path = wish.out / wish.month / "private" / "odds.csv"
    if not wish.is_dry_run:
        content = found.table.to_csv(index=False, lineterminator="\n", float_format="%.6f")
        _write(path, content.encode("utf-8"), is_private=True)
    return found, path


def chances_of(found: Odds, receipt_no: str, month: str) -> list[dict[str, Any]]:
    """One household's rows, best first. Raises ``Refused`` where it is on no roster."""
    own = found.table[found.table["receipt_no"] == receipt_no].drop(columns="receipt_no")
    if own.empty:
        raise Refused("odds_receipt_unknown", month=month, receipt_no=receipt_no)
    rows = own.astype(object).to_dict("records")
    return [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def _write(path: Path, content: bytes, *, is_private: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if is_private else 0o777)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    if not is_private:
        fresh.chmod(0o644)
    fresh.replace(path)
