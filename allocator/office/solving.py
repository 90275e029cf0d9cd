"""A mechanism alone, on files: instance in, solution out, no store."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocator import mechanisms
from allocator.errors import Refused, WrongUsage
from allocator.model.documents import Parsed, read_instance, refused_document, solution_document
from allocator.model.instance import Instance
from allocator.tenancies.moves import moves_of

WITHOUT_ALLOCATION = ("INFEASIBLE", "LIMIT")  # written down, and exit 4

_NO_SUCH_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}


@dataclass(frozen=True)
class Wish:
    """What ``allocator solve`` was asked for. ``seed`` belongs to lottery mechanisms alone."""

    instance: Path
    out: Path
    mechanism: str
    housing_first: bool = False
    housed: str | None = None
    seed: str | None = None
    is_dry_run: bool = False


def read(path: Path) -> Parsed:
    """The instance of a file or its faults. Raises ``WrongUsage`` where there is no such file to read."""
    try:
        return read_instance(path)
    except OSError as fault:
        if fault.errno == errno.EISDIR:
            raise WrongUsage("solve_is_folder", path=path.name) from None
        if fault.errno in _NO_SUCH_FILE:
            raise WrongUsage("solve_no_such_file", path=path.name) from None
        raise


def check_wish(wish: Wish) -> None:
    """Everything that is wrong with the words alone, before a file is read.

    Raises ``WrongUsage`` (unknown mechanism, an option it has not, an output that cannot be) and
    ``Refused``.
    """
    mechanism = mechanisms.mechanism_named(wish.mechanism)
    mechanism.check_options(housing_first=wish.housing_first, housed=wish.housed, seed=wish.seed)
    if wish.seed is not None and not _is_text(wish.seed):
        raise WrongUsage("solve_seed_wrong")
    try:
        _check_out(wish.out, wish.instance)
    except OSError as fault:
        if fault.errno in _NO_SUCH_FILE:
            raise WrongUsage("solve_no_such_folder", path=str(wish.out.parent)) from None
        raise


def _is_text(seed: str) -> bool:
    """Whether the seed can be written down and typed again: UTF-8, not empty, no control characters."""
    try:
        seed.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return bool(seed) and seed.isprintable()


def _check_out(out: Path, instance: Path) -> None:
    folder = out.parent
    if out.is_dir():
        raise WrongUsage("solve_is_folder", path=out.name)
    if not folder.is_dir():
        raise WrongUsage("solve_no_such_folder", path=str(folder))
    if instance.exists() and out.exists() and out.samefile(instance):
        raise WrongUsage("solve_out_is_instance", path=out.name)


def solve(instance: Instance, wish: Wish) -> dict[str, Any]:
    """Solve and write the solution document (not in a dry run), and give it; its status may be one of
    ``WITHOUT_ALLOCATION``.

    Raises ``Refused`` where a field cannot be honoured, after writing a solution of status ``REFUSED``.
    """
    try:
        solution = mechanisms.solve(
            instance,
            wish.mechanism,
            housing_first=wish.housing_first,
            housed=wish.housed,
            seed=wish.seed,
        )
    except Refused as refusal:
        _write(refused_document(instance, wish.mechanism, {"code": refusal.code, **refusal.params}), wish)
        raise
    document = solution_document(instance, solution)
    if "current" in instance.extensions and solution.is_drawn:
        document["report"]["moves"] = moves_of(instance, solution.matching.assigned)
    _write(document, wish)
    return document


def _write(document: dict[str, Any], wish: Wish) -> None:
    """Whole or not at all: beside the target first, then renamed over it."""
    if wish.is_dry_run:
        return
    content = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    beside = wish.out.with_name(f".solution-{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(wish.out)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
