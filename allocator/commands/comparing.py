"""``allocator round compare`` and ``allocator round odds``: what else could be, before and after the draw."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands import shared
from allocator.commands.round import OUT, MonthArgument, OutOption
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DEFAULT_STORE,
    DryRunOption,
    JsonOption,
    LangOption,
    NoProgressOption,
    StoreOption,
)

if TYPE_CHECKING:
    from pathlib import Path

    from allocator.model.comparison import ComparisonFigures
    from allocator.rounds.odds import Odds

SeedOption = Annotated[
    int, typer.Option("--seed", help="Seed of rehearsed draws and samples / 模拟与抽样的种子", metavar="S")
]
SampleOption = Annotated[
    int,
    typer.Option(
        "--sample",
        help="Households tried with untrue lists, 0 for none / 试改报意向的抽样户数，0 为不试",
        metavar="N",
        min=0,
    ),
]
LotteriesOption = Annotated[
    bool,
    typer.Option(
        "--lotteries",
        help="Work lotteries out for large rounds too, which may take hours / 大批次也计算抽签类机制，可能需数小时",
    ),
]
SubRoundOption = Annotated[
    str, typer.Option("--sub-round", help="Which part of the round / 分场", metavar="NAME")
]


def compare(
    month: MonthArgument,
    sub_round: SubRoundOption = "public",
    seed: SeedOption = 1,
    sample: SampleOption = 20,
    lotteries: LotteriesOption = False,
    out: OutOption = OUT,
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Every admissible mechanism on this month's frozen inputs; pages in both languages."""
    from allocator.office import comparing

    wish = comparing.Wish(month, store, out, sub_round, seed, sample, dry_run, lotteries)
    with _spinner(shown=not no_progress) as tick:
        figures, pages = comparing.compare(wish, tick=tick)
    if as_json:
        shown = {**figures.document(), "pages": [str(page) for page in pages], "dry_run": dry_run}
        shared.print_json(shown)
    else:
        for line in _compared(figures, pages, lang):
            shared.say(line)
    shared.next_command(lang, shared.typed("round", "status", month, store=store, lang=lang))


def _compared(figures: ComparisonFigures, pages: list[Path], language: str) -> Iterator[str]:
    from allocator.commands import tables
    from allocator.messages import text_of
    from allocator.reporting.comparison_words import ComparisonWords

    words = ComparisonWords(language)
    yield words.told(
        "said",
        month=figures.month,
        sub_round=words.sub_round(figures.sub_round),
        households=words.count(figures.num_households),
        places=words.count(figures.num_places),
        bands=words.count(figures.num_bands),
    )
    if not figures.is_drawn:
        yield words.told("rehearsed", seed=figures.seed)
    ran = figures.mechanisms[figures.mechanisms["refusal"] == ""]
    written = {
        "housed": ("num_housed", words.count),
        "first": ("num_first", words.count),
        "mean_rank": ("mean_rank", words.rank),
        "envy": ("envy_households", words.count),
        "envy_in_band": ("envy_households_in_band", words.count),
        "better": ("better", words.count),
        "worse": ("worse", words.count),
        "sampled": ("num_sampled", words.count),
        "exploiting": ("num_exploiting", words.count),
        "price_housed": ("price_housed", words.count),
    }
    heads = [words.told("col_mechanism"), *(words.told(f"col_{name}") for name in written)]
    rows = [
        [
            words.mechanism(row["mechanism"]) + (words.told("own") if row["is_own"] else ""),
            *(write(row[column]) for column, write in written.values()),
        ]
        for _, row in ran.iterrows()
    ]
    yield from tables.columns(heads, rows)
    for _, row in figures.mechanisms[figures.mechanisms["refusal"] != ""].iterrows():
        reason = words.refusal(row["refusal"], row["refusal_params"])
        yield words.told("said_refused", mechanism=words.mechanism(row["mechanism"]), reason=reason)
    if figures.optimum:
        yield words.told(
            "said_optimum",
            housed=words.count(figures.optimum["num_housed"]),
            first=words.count(figures.optimum["num_first"]),
            envy=words.count(figures.optimum["envy_households"]),
            proofs=words.laws(list(figures.optimum["proofs"])),
        )
    else:
        yield words.refusal(*figures.optimum_refusal)
    yield text_of("compare_said_pages", language, pages=" ".join(map(str, pages)))


def odds(
    month: MonthArgument,
    seeds: Annotated[
        int, typer.Option("--seeds", help="How many rehearsed draws / 模拟摇号次数", metavar="N")
    ] = 100,
    seed: SeedOption = 1,
    receipt: Annotated[
        str | None,
        typer.Option(
            "--receipt", help="Tell this household's chances / 只说这一户的机会", metavar="RECEIPT_NO"
        ),
    ] = None,
    sample: SampleOption = 20,
    out: OutOption = OUT,
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Everybody's chances per listed pool over rehearsed draws, with their errors."""
    from allocator.office import comparing

    wish = comparing.Wish(month, store, out, seed=seed, sample=sample, is_dry_run=dry_run)
    with _bar(seeds, shown=not no_progress) as tick:
        found, path = comparing.odds(wish, num_draws=seeds, tick=tick)
    rows = comparing.chances_of(found, receipt, month) if receipt is not None else None
    if as_json:
        shared.print_json(
            {
                "month": month,
                "draws": found.num_draws,
                "seed": seed,
                "exact": found.is_exact,
                "housed": {"mean": found.housed[0], "error": _number(found.housed[1])},
                "price_of_priority": {name: _number(value) for name, value in found.price.items()} or None,
                "manipulability": found.manipulability or None,
                **({} if rows is None else {"receipt_no": receipt, "chances": rows}),
                "file": str(path),
                "dry_run": dry_run,
            }
        )
    else:
        for line in _told(found, rows, wish.month, seed, path, lang):
            shared.say(line)
    shared.next_command(lang, shared.typed("round", "status", month, store=store, lang=lang))


def _number(value: float) -> float | None:
    """JSON has no word for what is not known."""
    return None if value != value else value  # noqa: PLR0124 (the one number that is not itself)


def _told(
    found: Odds, rows: list[dict[str, object]] | None, month: str, seed: int, path: Path, language: str
) -> Iterator[str]:
    from allocator.messages import text_of
    from allocator.reporting.comparison_words import ComparisonWords

    words = ComparisonWords(language)
    if found.is_exact:
        yield text_of("odds_said_exact", language, month=month, housed=f"{found.housed[0]:.2f}")
    else:
        yield text_of(
            "odds_said", language, month=month, draws=found.num_draws, seed=seed,
            housed=f"{found.housed[0]:.2f}", error=words.rank(found.housed[1]),
        )  # fmt: skip
    if found.price:
        price = found.price
        yield text_of(
            "odds_said_price", language,
            housed=f"{price['housed']:.2f}", housed_error=words.rank(price["housed_error"]),
            own=f"{price['mean_rank_own']:.2f}", change=f"{price['mean_rank_change']:+.3f}", rank_error=words.rank(price["mean_rank_error"]),
        )  # fmt: skip
    if found.manipulability:
        told = found.manipulability
        shares = {name: words.percent(told[name]) for name in ("share", "low", "high")}
        counts = {name: told[name] for name in ("exploiting", "sampled")}
        yield text_of("odds_said_exploited", language, **counts, **shares)
    for row in rows or ():
        shares = {name: words.percent(row[name]) for name in ("chance", "error", "low", "high")}  # type: ignore[arg-type]
        yield text_of(
            "odds_said_row" if row["pool"] else "odds_said_any", language,
            sub_round=words.sub_round(str(row["sub_round"])), rank=row["rank"], pool=row["pool"], **shares,
        )  # fmt: skip
    yield text_of("odds_said_file", language, path=path)


@contextmanager
def _spinner(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """On a terminal a spinner that names the mechanism at work."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("compare") as status:
        yield status.update


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """On a terminal a bar of the draws done, with the time left."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("odds", total=total)
        yield lambda done: progress.update(task, completed=done)


def register(rounds: typer.Typer) -> None:
    """Put both under ``allocator round``."""
    rounds.command(
        "compare",
        help="Mechanisms side by side on this month's frozen inputs / 以本月冻结数据对比各配租机制",
    )(compare)
    rounds.command("odds", help="Everybody's chances before the draw / 摇号前各户的机会")(odds)
