"""The demo: a synthetic city through one whole month, in a folder of its own."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from allocator.errors import FaultsFound, Refused
from allocator.exchange import write_delivery
from allocator.model.facts import Facts
from allocator.office import month as months
from allocator.office.acts import Act, Done
from allocator.office.deliveries import Ask, import_delivery
from allocator.store import Store

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
    is_dry_run: bool = False


def run(
    demo: Demo,
    *,
    step: Callable[[str], AbstractContextManager[object]] = nullcontext,
    tell: Callable[[Done], None] | None = None,
) -> Done:
    """Deliver the city as files, import it, run the month to its close. An older demo in the folder is replaced.

    ``figures["summary"]``: where page, bundle, store and files are, how many were housed, whom to explain.
    ``step`` and ``tell`` as in ``month.run``.
    """
    _refuse_others(demo.out)
    if demo.is_dry_run:
        figures = {"dry_run": True, "out": str(demo.out)}
        return Done(
            MONTH, (("dry_run_done", {}),), figures, shlex.join(["allocator", "demo", "--out", str(demo.out)])
        )
    _make_room(demo.out)
    files = demo.out / "files"
    store_url = f"sqlite:///{demo.out / 'allocator.db'}"
    with step(str(files)):
        write_delivery(demo.facts, files, "zh" if demo.language == "zh" else "en")
        imported = import_delivery(Ask(files, store_url=store_url, policy_name=POLICY))
    if not imported.is_done:
        raise FaultsFound("demo_delivery_faulty", folder=str(files))
    act = Act(store_url=store_url, policy_name=POLICY, out=demo.out, language=demo.language)
    wishes = months.Wishes(answers=f"random:{demo.seed}")
    done = months.run(MONTH, act, wishes, step=step, tell=tell)
    summary = _summary(demo, store_url, done)
    return replace(done, figures={**done.figures, "summary": summary})


def _summary(demo: Demo, store_url: str, done: Done) -> dict[str, object]:
    with Store.open(store_url, create=False) as store:
        leases = store.leases(MONTH)
    receipts = leases["receipt_no"] if len(leases) else demo.facts.households["receipt_no"]
    sub_rounds = done.figures["stages"]["allocate"]["sub_rounds"].values()
    return {
        "households": len(demo.facts.households),
        "housed": sum(figures["housed"] for figures in sub_rounds),
        "leases": len(leases),
        "page": str(demo.out / MONTH / "report.html"),
        "bundle": str(demo.out / MONTH / "bundle"),
        "store": store_url,
        "out": str(demo.out),
        "receipt_no": str(receipts.min()),
    }


def _refuse_others(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        raise Refused("demo_folder_not_ours", out=str(out))


def _make_room(out: Path) -> None:
    """Empty the folder of an earlier demo."""
    if out.exists():
        for entry in out.iterdir():
            if entry.name != _MARK:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARK).write_text("", encoding="utf-8")
