"""The gate: wires the command groups, maps errors to exit codes (contract, section 2)."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path

from allocator.errors import AllocatorError

# What the machine refuses, and why, as codes of the texts.
_MACHINE = {
    errno.ENOSPC: "reason_disk_full",
    errno.EDQUOT: "reason_disk_full",
    errno.EROFS: "reason_read_only",
    errno.EACCES: "reason_permission",
    errno.EPERM: "reason_permission",
    errno.EFBIG: "reason_too_large",
    errno.EMFILE: "reason_too_many",
    errno.ENFILE: "reason_too_many",
    errno.ENOMEM: "reason_memory",
    errno.EIO: "reason_device",
    errno.ENXIO: "reason_device",
}
# A path that cannot be what it was given for: wrong usage.
_PATH = {
    errno.ENOENT: "reason_missing",
    errno.EISDIR: "reason_is_folder",
    errno.ENOTDIR: "reason_not_folder",
    errno.EEXIST: "reason_exists",
    errno.ENOTEMPTY: "reason_exists",
    errno.ENAMETOOLONG: "reason_name",
    errno.ELOOP: "reason_name",
}
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_MACHINE = 74
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run one command and leave with its exit code."""
    _open_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line and give its exit code; no input ends in a traceback."""
    try:
        code = _run(arguments)
    except (KeyboardInterrupt, EOFError):
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:
        _say("interrupted", arguments)
    return _printed(code, arguments)


def _run(arguments: list[str]) -> int:
    try:
        from allocator.commands.app import app

        code = app(args=arguments, standalone_mode=False, prog_name="allocator")
    except AllocatorError as fault:
        _say(fault.code, arguments, **fault.params)
        return fault.exit_code
    except OSError as fault:
        return _machine_or_bug(fault, arguments)
    except MemoryError:
        return _machine(arguments, "reason_memory", "")
    except Exception as fault:  # noqa: BLE001 (the one place that catches bugs)
        return _usage_or_bug(fault, arguments)
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Closed standard streams lead nowhere, so that no file of ours ever gets their numbers.

    What cannot be written in the terminal's encoding is escaped, not fatal.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    while nowhere <= 2:
        nowhere = os.open(os.devnull, os.O_RDWR)
    os.close(nowhere)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _printed(code: int, arguments: list[str]) -> int:
    """Flush the result. A reader who left (``| head``) changes nothing; a full disk does."""
    from allocator.commands.shared import stop_printing

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        stop_printing()
    except OSError as fault:
        stop_printing()
        _say("output_refused", arguments, reason=_reason(fault, arguments))
        return EXIT_MACHINE
    except ValueError:  # closed by whoever called us
        return code
    return code


def _usage_or_bug(fault: Exception, arguments: list[str]) -> int:
    """What Typer finds wrong with the words is told in the reader's language; anything else is a bug."""
    if type(fault).__name__ == "NoArgsIsHelpError":
        return EXIT_USAGE  # the help is shown already
    if hasattr(fault, "format_message") and hasattr(fault, "ctx"):
        from allocator.commands.usage import sentence_of

        code, params = sentence_of(fault)
        _say(code, arguments, **params)
        return EXIT_USAGE
    if type(fault).__name__ == "Abort":
        return EXIT_INTERRUPTED
    return _bug(fault, arguments)


def _machine_or_bug(fault: OSError, arguments: list[str]) -> int:
    path = str(fault.filename2 or fault.filename or "")
    if fault.errno in _MACHINE:
        return _machine(arguments, _MACHINE[fault.errno], path)
    if fault.errno in _PATH and path:
        _say("path_wrong", arguments, path=path, reason=_reason(fault, arguments))
        return EXIT_USAGE
    return _bug(fault, arguments)


def _machine(arguments: list[str], reason: str, path: str) -> int:
    from allocator.messages import text_of

    where = f" ({path})" if path else ""
    _say("machine_refused", arguments, where=where, reason=text_of(reason, _language(arguments)))
    return EXIT_MACHINE


def _reason(fault: OSError, arguments: list[str]) -> str:
    from allocator.messages import text_of

    code = {**_MACHINE, **_PATH}.get(fault.errno or 0)
    return text_of(code, _language(arguments)) if code else str(fault.strerror)


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
    """The language asked for, as far as the words can be read; the last wish counts."""
    from allocator.commands.shared import default_language

    wish = default_language()
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        asked = following if word == "--lang" else word.removeprefix("--lang=")
        if word.startswith("--lang") and asked in {"zh", "en"}:
            wish = asked
    return wish


def _say(code: str, arguments: list[str], **params: object) -> None:
    from allocator.commands.shared import note
    from allocator.messages import text_of

    note(text_of(code, _language(arguments), **params))


if __name__ == "__main__":
    main()
