"""What every rule of a law says of itself: where it stands, how sure that is, who approved it and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Tag = Literal["V", "S", "I", "U", "M"]


class Strict(BaseModel):
    """Unknown keys refused, no coercion, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(Strict):
    """A rule that says where it comes from.

    ``approved_by`` with ``approved_on``: who approved it when. Where it is not read but inferred or modelled who
    approves (``approved_tag`` other than ``V``), the day may stay open until the bureau enters it. A rule that
    names nobody is approved as ``authority.approval`` says.
    """

    reference: str = Field(min_length=1)
    tag: Tag
    note: str = ""
    note_zh: str = ""
    approved_by: str = ""
    approved_on: date | None = None
    approved_tag: Tag = "V"


class Approval(Strict):
    """Who approves the rules that name nobody themselves (住建部令第11号 Art. 7: the government of the same level)."""

    by: str = Field(min_length=1)
    tag: Tag
    on: date | None = None
    note: str = ""
    note_zh: str = ""


def every_rule(content: object, key: str) -> Iterator[tuple[str, Sourced]]:
    """The rule itself and all rules inside it, each with its key."""
    if isinstance(content, Sourced):
        yield key, content
    if isinstance(content, Strict):
        for name in type(content).model_fields:
            yield from every_rule(getattr(content, name), f"{key}.{name}")
    elif isinstance(content, tuple):
        for position, inner in enumerate(content):
            yield from every_rule(inner, f"{key}[{position}]")
    elif isinstance(content, dict):
        for name, inner in content.items():
            yield from every_rule(inner, f"{key}.{name}")
