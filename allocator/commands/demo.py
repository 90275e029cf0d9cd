"""``allocator demo``: the main job on a synthetic city."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands import shared
from allocator.commands.round import tell
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DryRunOption,
    JsonOption,
    LangOption,
    NoProgressOption,
)

if TYPE_CHECKING:
    from allocator.office.acts import Done

OUT = Path("out/demo")


def demo(
    households: Annotated[
        int, typer.Option("--households", min=1, help="Households of the city / 申请家庭数", metavar="N")
    ] = 2000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Seed of the synthetic city / 随机种子", metavar="S")
    ] = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder of its own / 输出目录", metavar="DIR")] = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """One whole monthly round of a synthetic city / 合成城市的完整月度批次."""
    from allocator.messages import text_of
    from allocator.office import rehearsing
    from allocator.progress import step
    from scenarios.population import city

    with step(text_of("demo_city", lang), shown=not no_progress):
        facts = city(households, seed=seed, world="shortage")
    asked = rehearsing.Demo(out, facts, seed, str(lang), is_dry_run=dry_run)
    hear = None if as_json else partial(tell, language=lang)
    done = rehearsing.run(asked, step=partial(step, shown=not no_progress), tell=hear)
    if as_json:
        shared.print_json(done.document())
    elif dry_run:
        tell(done, lang)
    else:
        _summary(done, lang)
    shared.next_command(lang, done.next_command)


def _summary(done: Done, language: str) -> None:
    """Where everything is, and what to look at first."""
    from allocator.commands.tables import labelled
    from allocator.messages import text_of

    told = done.figures["summary"]
    verifier = shlex.join(["python3", f"{told['bundle']}/verify.py", str(told["bundle"])])
    words = ("round", "explain", done.month, str(told["receipt_no"]))
    explain = shared.typed(*words, store=str(told["store"]), lang=language)
    shared.say("")
    shared.say(text_of("demo_done", language, month=done.month, **told))
    values = {
        "page": told["page"],
        "bundle": told["bundle"],
        "verify": verifier,
        "explain": explain,
        "everything": told["out"],
    }
    labels = {text_of(f"demo_{name}", language): str(value) for name, value in values.items()}
    for line in labelled(labels):
        shared.say(line)
