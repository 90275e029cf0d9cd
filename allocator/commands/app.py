"""The tree of commands. Groups are imported here; what is heavy is imported inside the commands."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="allocator",
    help="Public rental housing allocation / 公租房配租",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
