"""What is wrong with the words typed: one sentence in the reader's language, with the cure.

Typer's own sentences are English only; which fault it was is told by its kind and its attributes.
"""

from __future__ import annotations

import re
from typing import Any

Sentence = tuple[str, dict[str, Any]]
_LIST = ", "


def sentence_of(fault: Any) -> Sentence:
    """Text code and parameters of a usage fault raised by Typer."""
    place = {"command": _command(fault)}
    kind = type(fault).__name__
    if kind == "NoSuchOption":
        return "usage_no_option", {**place, "name": fault.option_name, "known": _options(fault)}
    if kind == "MissingParameter":
        return "usage_missing", {**place, "name": _name(fault)}
    if kind == "BadParameter":
        return _bad_value(fault, place)
    if kind == "BadOptionUsage":
        code = "usage_no_value_taken" if "does not take" in fault.message else "usage_value_missing"
        return code, {**place, "name": fault.option_name}
    return _other(fault, place)


def _command(fault: Any) -> str:
    """The command as typed so far, such as ``allocator round draw``."""
    return fault.ctx.command_path if fault.ctx is not None else "allocator"


def _name(fault: Any) -> str:
    """The option with its dashes, or the argument as the help shows it."""
    param = fault.param
    if param is None:
        return ""
    if param.param_type_name == "option":
        return str(param.opts[-1])
    return str(param.metavar or param.name.upper())


def _options(fault: Any) -> str:
    """Every option of the command."""
    params = fault.ctx.command.params if fault.ctx is not None else ()
    options = [str(param.opts[-1]) for param in params if param.param_type_name == "option"]
    return _LIST.join([*options, "--help"])


def _bad_value(fault: Any, place: dict[str, Any]) -> Sentence:
    """A choice that is not offered, or a number that is none or too small."""
    told = {**place, "name": _name(fault)}
    choice = re.search(r"'(.*)' is not one of (.*)\.$", fault.message, re.DOTALL)
    if choice:
        known = _LIST.join(re.findall(r"'([^']*)'", choice[2]))
        return "usage_not_a_choice", {**told, "value": choice[1], "known": known}
    least = re.search(r"greater than or equal to (-?\d+)", fault.message)
    if least:
        return "usage_not_from", {**told, "least": least[1]}
    if "valid integer" in fault.message:
        return "usage_not_a_number", told
    return "usage_other", {**place, "reason": fault.message}


def _other(fault: Any, place: dict[str, Any]) -> Sentence:
    command = re.match(r"No such command '(.*?)'\.", fault.message, re.DOTALL)
    if command:
        known = _LIST.join(fault.ctx.command.commands)
        return "usage_no_command", {**place, "name": command[1], "known": known}
    extra = re.match(r"Got unexpected extra argument\S* \((.*)\)", fault.message, re.DOTALL)
    if extra:
        return "usage_extra", {**place, "words": extra[1]}
    return "usage_other", {**place, "reason": fault.message}
