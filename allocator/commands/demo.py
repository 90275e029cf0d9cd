"""``allocator demo``: the main job on a synthetic city."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.commands.round import finish
from allocator.commands.shared import DEFAULT_LANGUAGE, JsonOption, LangOption, NoProgressOption

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
    no_progress: NoProgressOption = False,
) -> None:
    """One whole monthly round of a synthetic city / 合成城市的完整月度批次."""
    from allocator.office import rehearsing
    from allocator.progress import step
    from scenarios.population import city

    with step("demo", shown=not no_progress):
        facts = city(households, seed=seed, world="shortage")
        done = rehearsing.run(rehearsing.Demo(out, facts, seed, str(lang)))
    finish(done, str(lang), as_json=as_json)
