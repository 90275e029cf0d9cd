"""Options and printing that all commands share (contract, section 2)."""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from allocator.errors import WrongUsage


class Language(StrEnum):
    """Languages of texts."""

    ZH = "zh"
    EN = "en"


def default_language() -> str:
    """ALLOCATOR_LANG where it is set to a language we speak, else Chinese."""
    wish = os.environ.get("ALLOCATOR_LANG", "zh")
    return wish if wish in {"zh", "en"} else "zh"


StoreOption = Annotated[str, typer.Option("--store", help="Store URL / 数据库地址", metavar="URL")]
PolicyOption = Annotated[
    str | None,
    typer.Option("--policy", help="Shipped authority or a folder / 政策名或目录", metavar="NAME|DIR"),
]
OnOption = Annotated[
    str | None, typer.Option("--on", help="Date of the act / 办理日期 (YYYY-MM-DD)", metavar="DATE")
]
# Give it the default DEFAULT_LANGUAGE in a command's signature.
LangOption = Annotated[
    Language, typer.Option("--lang", help="Language / 语言", envvar="ALLOCATOR_LANG", metavar="zh|en")
]
DEFAULT_LANGUAGE = Language.ZH
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable on stdout / 机器可读输出")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Write nothing / 只演练不写入")]
NoProgressOption = Annotated[bool, typer.Option("--no-progress", help="No progress bars / 不显示进度")]

DEFAULT_STORE = "sqlite:///allocator.db"


def date_of(text: str | None) -> date | None:
    """The date of ``--on``; a malformed one is wrong usage."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage("date_malformed", value=text) from None


def print_json(document: object) -> None:
    """One JSON document on stdout; in an encoding other than UTF-8 all of it in ASCII."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    say(json.dumps(document, ensure_ascii=not is_utf8, indent=1))


def say(text: str) -> None:
    """A result on stdout. Where the reader has left (``| head``) the command goes on and ends as it would."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError:
        stop_printing()


def stop_printing() -> None:
    """From here on stdout leads nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def note(text: str) -> None:
    """A message on stderr; nobody there to read it is no fault."""
    with suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def typed(*parts: str, store: str = DEFAULT_STORE, lang: str = "zh", policy: str | None = None) -> str:
    """A command as a person would paste it, with the store and the language of this one."""
    line = ["allocator", *parts]
    if store != DEFAULT_STORE:
        line += ["--store", store]
    if policy is not None:
        line += ["--policy", policy]
    if str(lang) != default_language():
        line += ["--lang", str(lang)]
    return shlex.join(line)


def next_command(language: str, command: str) -> None:
    """Every command ends by naming the next, on stderr."""
    from allocator.messages import text_of

    note(text_of("next_command", language, command=command))
