"""``allocator solve``: a mechanism alone, on files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import shared
from allocator.commands.shared import DEFAULT_LANGUAGE, DryRunOption, JsonOption, LangOption

if TYPE_CHECKING:
    from allocator.model.problem import Problem

_SHOWN = 50


class Housed(StrEnum):
    """Which aim wins where quotas set "as many" and "the earlier first" at odds."""

    COUNT = "count"
    ORDER = "order"


InstanceArgument = Annotated[
    Path, typer.Argument(metavar="INSTANCE.json", help="allocator-instance/1 / 配租算例文件")
]
MechanismOption = Annotated[
    str, typer.Option("--mechanism", help="serial, band_optimum … / 配租机制", metavar="NAME")
]
OutOption = Annotated[
    Path, typer.Option("--out", help="allocator-solution/1 to write / 配租结果文件", metavar="SOLUTION.json")
]
HousingFirstOption = Annotated[
    bool,
    typer.Option("--housing-first", help="Who is housed before any ranks / 先定各档入住，再定志愿"),
]
HousedOption = Annotated[
    Housed | None,
    typer.Option("--housed", help="Which aim wins under quotas / 名额冲突时以何为先", metavar="count|order"),
]
SeedOption = Annotated[
    str | None, typer.Option("--seed", help="Lottery mechanisms only / 仅用于抽签机制", metavar="SEED")
]


def solve(
    instance: InstanceArgument,
    mechanism: MechanismOption,
    out: OutOption,
    housing_first: HousingFirstOption = False,
    housed: HousedOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
) -> int:
    """Run one mechanism on an instance file / 对算例文件运行一种配租机制."""
    from allocator.office import solving

    wish = solving.Wish(instance, out, mechanism, housing_first, housed, seed, dry_run)
    solving.check_wish(wish)
    parsed = solving.read(instance)
    if parsed.instance is None:
        _show_problems(parsed.problems, lang, as_json)
        return 1
    document = solving.solve(parsed.instance, wish)
    if document["status"] in solving.WITHOUT_ALLOCATION:
        return _show_no_allocation(document, wish.out, lang, as_json, dry_run)
    _show_solution(document, wish.out, lang, as_json, dry_run)
    shared.next_command(lang, shared.typed("certify", str(instance), str(out), lang=lang))
    return 0


def _show_problems(problems: list[Problem], lang: str, as_json: bool) -> None:
    """Faults with their places on stderr, or all of them as JSON on stdout."""
    from allocator.messages import text_of

    said = [text_of(p.code, lang, **{"value": p.value, **p.params}) for p in problems]
    if as_json:
        rows = [
            {
                "code": problem.code,
                "file": problem.file,
                "row": problem.row,
                "column": problem.column,
                "value": problem.value,
                "severity": problem.severity,
                "message": message,
            }
            for problem, message in zip(problems, said, strict=True)
        ]
        shared.print_json({"problems": rows})
        return
    for problem, message in list(zip(problems, said, strict=True))[:_SHOWN]:
        shared.note(": ".join(part for part in (problem.file, problem.column, message) if part))
    if len(problems) > _SHOWN:
        shared.note(text_of("solve_more_problems", lang, count=len(problems) - _SHOWN))


def _show_no_allocation(document: dict[str, Any], out: Path, lang: str, as_json: bool, dry_run: bool) -> int:
    """Why there is no allocation and what would help, on stderr; gives the exit code."""
    from allocator.errors import NoAllocation
    from allocator.messages import text_of

    if as_json:
        _print_document(document, out, dry_run)
    if document["status"] == "LIMIT":
        report = {"code": "solve_limit", "mechanism": document["mechanism"], **document["report"]}
        shared.note(text_of(report.pop("code"), lang, **report))
    else:
        for code, params in _advice_of(document):
            shared.note(text_of(code, lang, **params))
    shared.note(text_of("solve_not_written" if dry_run else "solve_written", lang, path=str(out)))
    return NoAllocation.exit_code


def _advice_of(document: dict[str, Any]) -> list[tuple[str, dict[str, object]]]:
    """The sentences of an infeasible instance: what cannot be met, why, and the smallest relaxation."""
    advice = document["report"].get("advice", {})

    def named(key: str) -> str:
        return ", ".join(advice.get(key, ())) or "-"

    said: list[tuple[str, dict[str, object]]] = [("solve_infeasible", {"mechanism": document["mechanism"]})]
    if "required" in advice:
        limits = ", ".join(f"{limit['name']}: {limit['most']}" for limit in advice.get("limits", ())) or "-"
        counted = {key: named(key) for key in ("quotas", "groups", "pools")}
        numbers = {key: advice.get(key, 0) for key in ("tenants", "required", "households", "available")}
        without_tenants = "solve_infeasible_limits" if advice.get("limits") else "solve_infeasible_minima"
        kind = "solve_infeasible_tenants" if advice.get("tenants") else without_tenants
        said.append((kind, {**counted, **numbers, "limits": limits}))
    elif advice.get("quotas"):
        said.append(("solve_infeasible_quotas", {"quotas": named("quotas")}))
    changes = advice.get("relaxation", ())
    if changes:
        shown = ", ".join(f"{change['quota']}: {change['from']} → {change['to']}" for change in changes)
        said.append(("solve_infeasible_relaxation", {"changes": shown}))
    elif "relaxation" in advice:
        said.append(("solve_infeasible_no_relaxation", {}))
    return said


def _print_document(document: dict[str, Any], out: Path, dry_run: bool) -> None:
    names = ("mechanism", "status", "instance_fingerprint", "report")
    shared.print_json({**{name: document[name] for name in names}, "out": None if dry_run else str(out)})


def _show_solution(document: dict[str, Any], out: Path, lang: str, as_json: bool, dry_run: bool) -> None:
    from allocator.messages import text_of

    report = document["report"]
    if as_json:
        _print_document(document, out, dry_run)
        return
    shared.say(
        text_of(
            "solve_chances" if "expected_housed" in report else "solve_done",
            lang,
            expected=report.get("expected_housed", ""),
            mechanism=document["mechanism"],
            housed=report["num_housed"],
            households=report["num_households"],
            ranks=", ".join(f"{rank}: {count}" for rank, count in report["num_by_rank"].items()) or "-",
        )
    )
    shared.say(text_of("solve_not_written" if dry_run else "solve_written", lang, path=str(out)))
