"""The gate: wires the command groups, maps errors to exit codes (contract, section 2)."""

from __future__ import annotations

import errno
import sys
import traceback
from pathlib import Path

from allocator.errors import AllocatorError

_MACHINE_ERRORS = {
    errno.ENOSPC,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EDQUOT,
    errno.EIO,
    errno.EFBIG,
    errno.ENOTDIR,
    errno.EMFILE,
}
EXIT_BUG = 70
EXIT_MACHINE = 74


def main() -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line and give its exit code; no input ends in a traceback."""
    from allocator.commands.app import app

    try:
        code = app(args=arguments, standalone_mode=False, prog_name="allocator")
    except AllocatorError as fault:
        _say_fault(fault, arguments)
        return fault.exit_code
    except OSError as fault:
        return _machine_or_bug(fault, arguments)
    except (KeyboardInterrupt, EOFError):
        _say("interrupted", arguments)
        return 130
    except MemoryError:
        _say("machine_refused", arguments, reason="memory")
        return EXIT_MACHINE
    except Exception as fault:  # noqa: BLE001 (the one place that catches bugs)
        return _usage_or_bug(fault, arguments)
    return code if isinstance(code, int) else 0


def _usage_or_bug(fault: Exception, arguments: list[str]) -> int:
    """Typer's own faults show themselves and carry their exit code; anything else is a bug."""
    show = getattr(fault, "show", None)
    if callable(show):
        show()
        return int(getattr(fault, "exit_code", 2))
    if type(fault).__name__ in {"Exit", "Abort"}:
        return int(getattr(fault, "exit_code", 1))
    return _bug(fault, arguments)


def _machine_or_bug(fault: OSError, arguments: list[str]) -> int:
    if fault.errno in _MACHINE_ERRORS:
        where = Path(str(fault.filename)).name if fault.filename else ""
        _say("machine_refused", arguments, reason=f"{fault.strerror} {where}".strip())
        return EXIT_MACHINE
    if isinstance(fault, BrokenPipeError):
        return 0
    return _bug(fault, arguments)


def _bug(fault: BaseException, arguments: list[str]) -> int:
    """One sentence, and a report of types and places only: values may be personal."""
    frames = traceback.extract_tb(fault.__traceback__)
    lines = [f"{type(fault).__name__}"] + [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
    report = Path("allocator-bug.txt")
    try:
        report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        report = Path("-")
    try:
        _say("bug", arguments, kind=type(fault).__name__, report=str(report))
    except Exception:  # noqa: BLE001 (the texts themselves may be what is broken)
        print(f"bug: {type(fault).__name__}, see {report}", file=sys.stderr)  # noqa: T201
    return EXIT_BUG


def _language(arguments: list[str]) -> str:
    from allocator.commands.shared import default_language

    for position, word in enumerate(arguments):
        if word == "--lang" and arguments[position + 1 : position + 2] == ["en"]:
            return "en"
        if word == "--lang=en":
            return "en"
        if word.startswith("--lang"):
            return "zh"
    return default_language()


def _say_fault(fault: AllocatorError, arguments: list[str]) -> None:
    _say(fault.code, arguments, **fault.params)


def _say(code: str, arguments: list[str], **params: object) -> None:
    from allocator.messages import text_of

    print(text_of(code, _language(arguments), **params), file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
