"""A household's chances under a lottery in words: choice by choice, exact where a person can read the fraction."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from allocator.rounds.freeze import SubRound
from allocator.rounds.reasons import Reason
from allocator.store import Store

Sentence = tuple[str, dict[str, Any]]
STATED: Final = "stated_chances"
_LONGEST: Final = 24  # signs of a fraction that is still shown whole
OUTCOMES: Final = {
    Reason.FIRST_CHOICE: "told_first_choice",
    Reason.LATER_CHOICE: "told_drawn_later_choice",
    Reason.NOT_DRAWN: "told_not_drawn",
}


def told_before(
    store: Store, month: str, sub_round: SubRound, code: str
) -> tuple[list[Sentence], dict[str, Any]]:
    """What a lottery states before the draw, should nobody leave; nothing under other mechanisms."""
    if not store.has_artefact(month, sub_round.name, STATED):
        return [], {}
    said, exact = told_chances(store, month, sub_round, code, STATED)
    return said, {"chances": exact}


def told_chances(
    store: Store, month: str, sub_round: SubRound, code: str, kept: str
) -> tuple[list[Sentence], dict[str, str]]:
    """Sentences on the chance of any place and of each choice in the list's order, and the exact fractions by pool.

    ``kept``: under which name the round keeps the chances, ``code, pool, chance``.
    """
    wishes = sub_round.preferences[sub_round.preferences["code"] == code]
    if wishes.empty:
        return [], {}
    chances = store.frame(month, sub_round.name, kept)
    own = chances[chances["code"] == code]
    exact = {str(pool): str(chance) for pool, chance in zip(own["pool"], own["chance"], strict=True)}
    said = [_told("told_chance_any", sum(map(Fraction, exact.values()), Fraction(0)))]
    for rank, pool in zip(wishes["rank"], wishes["pool"], strict=True):
        chance = Fraction(exact.get(pool, "0"))
        told = "told_chance_choice" if chance else "told_chance_none"
        said.append(_told(told, chance, rank=int(rank), pool=pool))
    return said, exact


def _told(code: str, chance: Fraction, **params: Any) -> Sentence:
    exact = str(chance)
    if len(exact) > _LONGEST:
        return f"{code}_rounded", {**params, "percent": percent(chance)}
    return code, {**params, "chance": exact, "percent": percent(chance)}


def percent(chance: Fraction) -> str:
    """In hundredths of a percent, rounded half up; never 0 nor 100 where it is not."""
    hundredths = int(chance * 10_000 + Fraction(1, 2))
    if hundredths == 0 and chance:
        return "<0.01"
    if hundredths == 10_000 and chance < 1:
        return ">99.99"
    return f"{hundredths // 100}.{hundredths % 100:02d}"
