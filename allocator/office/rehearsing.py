"""The demo: a synthetic city through one whole month, in a folder of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from allocator.errors import FaultsFound, Refused
from allocator.exchange import write_delivery
from allocator.model.facts import Facts
from allocator.office import month as months
from allocator.office.acts import Act, Done
from allocator.office.deliveries import Ask, import_delivery

POLICY: Final = "example"
MONTH: Final = "2026-03"
_MARK: Final = ".allocator-demo"


@dataclass(frozen=True)
class Demo:
    """What a demo is asked: where, of whom, how households answer."""

    out: Path
    facts: Facts
    seed: int
    language: str


def run(demo: Demo) -> Done:
    """Deliver the city as files, import it, run the month to its close. An older demo in the folder is replaced."""
    _make_room(demo.out)
    files = demo.out / "files"
    write_delivery(demo.facts, files, "zh" if demo.language == "zh" else "en")
    store_url = f"sqlite:///{demo.out / 'allocator.db'}"
    imported = import_delivery(Ask(files, store_url=store_url, policy_name=POLICY))
    if not imported.is_done:
        raise FaultsFound("demo_delivery_faulty", folder=str(files))
    act = Act(store_url=store_url, policy_name=POLICY, out=demo.out, language=demo.language)
    done = months.run(MONTH, act, months.Wishes(answers=f"random:{demo.seed}"))
    bundle = demo.out / MONTH / "bundle"
    return Done(
        MONTH, (*done.said, ("demo_done", {"out": str(demo.out)})), done.figures, f"allocator verify {bundle}"
    )


def _make_room(out: Path) -> None:
    """Empty the folder of an earlier demo; refuse a folder that is somebody else's."""
    if out.exists() and any(out.iterdir()):
        if not (out / _MARK).exists():
            raise Refused("demo_folder_not_ours", out=str(out))
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARK).write_text("", encoding="utf-8")
