"""The laboratory's documents: read strictly, every fault with its key; numbers exact, never binary floats.

A share or a rate is a whole number, a decimal (``0.3``) or a fraction as text (``"3/10"``) and becomes a
``Fraction``. Money is whole fen.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, Final

from allocator.model.checking import Faults, load_json
from allocator.model.problem import Problem

GREATEST_SIZE: Final = 64 << 20  # bytes of an input file
GREATEST_MONEY: Final = 10**12  # fen of one figure
LONGEST_NUMBER: Final = 40  # characters
NUM_DIGITS: Final = 20  # significant digits of a decimal that is given out

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_TEXT: Final = re.compile(r"-?[0-9]+(\.[0-9]+|/0*[1-9][0-9]*)?")
_MARK: Final = "\x00"
_ROUNDING: Final = Context(prec=NUM_DIGITS, rounding=ROUND_HALF_EVEN)


class Spelled(str):
    """A JSON number that is no whole number, as it is spelled in the file (``NaN`` among them)."""

    __slots__ = ()


class Reading(Faults):
    """Reads one document; each method gives the value, or ``None`` and a located fault."""

    def whole(self, value: object, path: str, least: int = 0, greatest: int = GREATEST_MONEY) -> int | None:
        """A whole number between both bounds, these included."""
        if type(value) is int and least <= value <= greatest:
            return value
        self.add("calc_whole_wrong", path, value, least=least, greatest=greatest)
        return None

    def fraction(self, value: object, path: str, least: int = 0, greatest: int = 1) -> Fraction | None:
        """An exact number between both bounds, these included."""
        found = _fraction_of(value)
        if found is not None and least <= found <= greatest:
            return found
        self.add("calc_number_wrong", path, value, least=least, greatest=greatest, longest=LONGEST_NUMBER)
        return None

    def rate(self, value: object, path: str) -> Fraction | None:
        """A rate per period: above -1, where money or value would be gone, and at most 1."""
        found = _fraction_of(value)
        if found is not None and -1 < found <= 1:
            return found
        self.add("calc_rate_wrong", path, value, longest=LONGEST_NUMBER)
        return None

    def sequence(self, value: object, path: str, least: int, greatest: int) -> list[Any]:
        """A list with so many entries, or an empty one and a fault."""
        found = self.entries(value, path)
        if isinstance(value, list) and not least <= len(found) <= greatest:
            self.add("calc_list_length", path, value, found=len(found), least=least, greatest=greatest)
            return []
        return found

    def name(self, value: object, path: str) -> str | None:
        """Text that is not empty; a number is no name."""
        return self.text(None if type(value) is Spelled else value, path)


def loaded(content: bytes, file: str) -> tuple[object, list[Problem]]:
    """The JSON of a file's bytes with its numbers unrounded, or the fault that kept it from being read."""
    return load_json(content, file, GREATEST_SIZE, parse_number=_number_of)


def _number_of(word: str) -> int | Spelled:
    is_whole = word.lstrip("-").isdigit() and len(word) <= LONGEST_NUMBER
    return int(word) if is_whole else Spelled(word)


def _fraction_of(value: object) -> Fraction | None:
    """The exact value of what was written; ``None`` where it is no number in one of the forms."""
    if type(value) is int:
        return Fraction(value)
    if not isinstance(value, str) or len(value) > LONGEST_NUMBER:
        return None
    form = _NUMBER if type(value) is Spelled else _TEXT
    return Fraction(value) if form.fullmatch(value) else None


def decimal_of(value: Fraction) -> Decimal:
    """The number to ``NUM_DIGITS`` significant digits, rounded half to even."""
    return _ROUNDING.divide(Decimal(value.numerator), Decimal(value.denominator))


def written(document: dict[str, Any]) -> str:
    """The document as JSON text; decimals as numbers with all their digits."""
    text = json.dumps(document, ensure_ascii=True, indent=1, allow_nan=False, default=_marked)
    return re.sub(r'"\\u0000([^"]*)"', r"\1", text) + "\n"


def _marked(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"not of a document: {type(value).__name__}")
    plain = value.normalize(_ROUNDING)
    return _MARK + (f"{plain:f}" if abs(plain.adjusted()) <= 2 * NUM_DIGITS else str(plain))
