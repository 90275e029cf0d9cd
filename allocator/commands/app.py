"""The tree of commands. Groups are imported here; what is heavy is imported inside the commands."""

from __future__ import annotations

import typer

from allocator.commands import (
    cases,
    comparing,
    data,
    demo,
    duplicates,
    policy,
    registry,
    report,
    round,  # noqa: A004
    scenario,
    solving,
    tenancy,
    verifying,
)

app = typer.Typer(
    name="allocator",
    help="Public rental housing allocation / 公租房配租",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("demo")(demo.demo)
data.group.command("duplicates")(duplicates.duplicates)
cases.register(round.group, data.group)
comparing.register(round.group)
app.add_typer(data.group, name="data")
app.add_typer(policy.group, name="policy")
app.add_typer(round.group, name="round")
app.command("verify")(verifying.verify)
app.command("solve")(solving.solve)
app.command("certify")(verifying.certify)
app.add_typer(tenancy.group, name="tenancy")
app.add_typer(registry.group, name="registry")
app.add_typer(report.group, name="report")
app.add_typer(scenario.group, name="scenario")


@app.callback()
def _root() -> None:
    """Public rental housing allocation / 公租房配租."""
