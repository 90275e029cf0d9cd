"""The laboratory's models alone, on numbers: a document in, a document out (contract, section 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from allocator.errors import WrongUsage
from allocator.model.problem import Problem
from scenarios import rent_to_own, subsidy, supply_mix
from scenarios.documents import Reading, loaded


@dataclass(frozen=True)
class Model:
    """How a model reads its document and what it makes of it."""

    read: Callable[[object, Reading], Any]
    solve: Callable[[Any], dict[str, Any]]


MODELS: Final = {
    "rent_to_own": Model(rent_to_own.read, rent_to_own.solve),
    "subsidy_tiers": Model(subsidy.read, subsidy.solve),
    "supply_mix": Model(supply_mix.read, supply_mix.solve),
}


@dataclass(frozen=True)
class Answer:
    """The output document, or ``None`` and every fault of the input."""

    document: dict[str, Any] | None
    problems: list[Problem]


def model_named(name: str) -> Model:
    """The model. Raises ``WrongUsage`` with the names there are."""
    if name not in MODELS:
        raise WrongUsage("calc_model_unknown", model=name, names=", ".join(MODELS))
    return MODELS[name]


def calc(model: Model, content: bytes, file: str = "") -> Answer:
    """Read an input file's bytes strictly and answer it.

    Raises ``FaultsFound`` where a figure leaves the range of JSON numbers.
    """
    document, problems = loaded(content, file)
    if problems:
        return Answer(None, problems)
    reading = Reading(file)
    question = model.read(document, reading)
    if question is None:
        return Answer(None, reading.ordered())
    return Answer(model.solve(question), [])
