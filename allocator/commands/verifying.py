"""``allocator verify`` and ``allocator certify``: the judge, without store or solver."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    JsonOption,
    LangOption,
    next_command,
    note,
    print_json,
    say,
    typed,
)

if TYPE_CHECKING:
    from allocator.audit import CheckResult, LawResult
    from allocator.model.problem import Problem

BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of a bundle / 核验包文件夹")]
InstanceArgument = Annotated[
    Path, typer.Argument(metavar="INSTANCE.json", help="allocator-instance/1 / 配租算例文件")
]
SolutionArgument = Annotated[
    Path, typer.Argument(metavar="SOLUTION.json", help="allocator-solution/1 / 配租结果文件")
]
CommitmentOption = Annotated[
    str | None,
    typer.Option(
        "--commitment", help="Commitment's hash published outside / 包外公布的承诺书哈希", metavar="HEX"
    ),
]
PublicValueOption = Annotated[
    str | None,
    typer.Option("--public-value", help="Public value as drawn / 当众产生的公开随机值", metavar="VALUE"),
]
PreviousOption = Annotated[
    str | None,
    typer.Option("--previous", help="Hash of the previous manifest / 上期清单的哈希", metavar="HEX"),
]


def verify(
    bundle: BundleArgument,
    commitment: CommitmentOption = None,
    public_value: PublicValueOption = None,
    previous: PreviousOption = None,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> int:
    """Check a published bundle, without store or solver / 核验公开核验包."""
    from allocator.office import verifying

    results = verifying.verify(bundle, commitment=commitment, public_value=public_value, previous=previous)
    failed = [result for result in results if not result.holds]
    if as_json:
        print_json({"checks": [result.document() for result in results]})
    else:
        outside = {"--commitment": commitment, "--public-value": public_value, "--previous": previous}
        _show_checks(results, [name for name, value in outside.items() if value is None], lang)
    if failed:
        return 1
    words = ("verify", str(bundle), "--commitment", "HEX", "--public-value", "VALUE")
    alone = shlex.join(["python3", str(bundle / "verify.py"), str(bundle)])
    next_command(lang, alone if commitment and public_value else typed(*words, lang=lang))
    return 0


def _show_checks(results: list[CheckResult], missing: list[str], lang: str) -> None:
    from allocator.messages import text_of

    for result in results:
        mark = text_of("audit_holds" if result.holds else "audit_fails", lang)
        say(
            f"{mark:<8}{result.check}"
            + ("" if result.holds else f"  {result.where}  {result.sentence(lang)}")
        )
    num_failed = sum(not result.holds for result in results)
    if num_failed:
        say(text_of("audit_faulty", lang, count=num_failed, total=len(results)))
        return
    say(text_of("audit_fine" if len(missing) == 3 else "audit_fine_outside", lang, count=len(results)))
    if missing:
        note(text_of("audit_not_compared", lang, names=", ".join(missing)))


def certify(
    instance: InstanceArgument,
    solution: SolutionArgument,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> int:
    """The laws of a solution alone, on files / 只核验配租结果的性质."""
    from allocator.office import verifying

    laws, problems = verifying.certify(instance, solution)
    if as_json:
        places = [{"file": one.file, "column": one.column, "value": one.value} for one in problems]
        faults = [{"law": "instance", "holds": False, "witnesses": places}] if problems else []
        print_json({"laws": [*faults, *(law.document() for law in laws)]})
    elif problems:
        _show_problems(problems, lang)
    else:
        _show_laws(laws, lang)
    if problems or not all(law.holds for law in laws):
        return 1
    words = ("solve", str(instance), "--mechanism", "NAME", "--out", "OTHER.json")
    next_command(lang, typed(*words, lang=lang))
    return 0


def _show_problems(problems: list[Problem], lang: str) -> None:
    from allocator.messages import text_of

    for problem in problems:
        message = text_of(problem.code, lang, **{"value": problem.value, **problem.params})
        note(": ".join(part for part in (problem.file, problem.column, message) if part))


def _show_laws(laws: list[LawResult], lang: str) -> None:
    import json

    from allocator.messages import text_of

    for law in laws:
        mark = text_of("audit_holds" if law.holds else "audit_fails", lang)
        shown = "" if law.holds else "  " + json.dumps(law.document()["witnesses"], ensure_ascii=False)
        say(f"{mark:<8}{law.law}{shown}")
    num_broken = sum(not law.holds for law in laws)
    code = "audit_laws_broken" if num_broken else "audit_laws_hold"
    say(text_of(code, lang, count=num_broken or len(laws), total=len(laws)))
