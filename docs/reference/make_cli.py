# ruff: noqa: INP001 (a script beside the page it writes)
"""Write ``docs/reference/cli.md`` from the tree of commands: ``python docs/reference/make_cli.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# The command line

Made by `python docs/reference/make_cli.py` from the commands themselves; do not edit by hand.

`allocator` and `python cli.py` are the same. Results go to stdout, messages and progress to stderr; every command ends
by naming the next one. `--json` prints one JSON document on stdout.

| exit | meaning |
|---|---|
| 0 | done |
| 1 | ran, and found faults |
| 2 | wrong usage |
| 3 | refused: not allowed at this stage, or the policy is invalid |
| 4 | no allocation: infeasible, or a limit reached |
| 70 | a bug: one sentence, and a report file without personal data |
| 74 | the machine refused: disk full, read-only, locked, no permission |
| 130 | interrupted (Ctrl-C): what was finished stands, the same command goes on |
"""


def page() -> str:
    """The whole page."""
    import typer

    from allocator.commands.app import app

    root = typer.main.get_command(app)
    return "\n".join([HEAD, *_sections(root, ("allocator",))]).rstrip() + "\n"


def _sections(group: Any, words: tuple[str, ...]) -> Iterator[str]:
    for name, command in group.commands.items():
        here = (*words, name)
        if hasattr(command, "commands"):
            yield f"## {' '.join(here)}\n\n{_sentence(command.help)}\n"
            yield from _sections(command, here)
        else:
            yield from _section(command, here)


def _section(command: Any, words: tuple[str, ...]) -> Iterator[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [
        param for param in command.params if param.param_type_name == "option" and param.name != "help"
    ]
    depth = "##" if len(words) == 2 else "###"
    usage = " ".join(
        [*words, *map(_argument, arguments), *(_required(one) for one in options if one.required)]
    )
    yield f"{depth} {' '.join(words)}\n\n{_sentence(command.help)}\n\n```text\n{usage} [options]\n```\n"
    rows = [f"| `{_argument(one)}` | {_cell(one.help)} | |" for one in arguments]
    rows += [f"| `{_option(one)}` | {_cell(one.help)} | {_default(one)} |" for one in options]
    yield "\n".join(["| | | default |", "|---|---|---|", *rows]) + "\n"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _cell(text: str | None) -> str:
    return _sentence(text).replace("|", "\\|")


def _argument(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _option(param: Any) -> str:
    if param.is_flag:
        return str(param.opts[-1])
    return f"{param.opts[-1]} {param.metavar or 'VALUE'}".replace("|", "\\|")


def _required(param: Any) -> str:
    return f"{param.opts[-1]} {param.metavar or 'VALUE'}"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    if param.is_flag or param.default is None:
        return ""
    return f"`{getattr(param.default, 'value', param.default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE}\n")
