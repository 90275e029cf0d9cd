"""Full-width characters as Chinese input methods write them, and their narrow twins."""

from __future__ import annotations

from typing import Final

_LETTERS_AND_DIGITS = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
# In names only letters and digits are narrowed: 「示例（郑州）公司」 keeps its own brackets.
_IN_NAMES: Final = {code: code - 0xFEE0 for code in _LETTERS_AND_DIGITS}
_EVERYWHERE: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: 0x20,
    0xFFE5: 0xA5,
    0x3002: 0x2E,
}
WIDE_IN_NAMES: Final = "[０-９Ａ-Ｚａ-ｚ]"
WIDE: Final = "[！-～　￥]"


def narrow(text: str) -> str:
    """The text with every full-width character in its narrow form."""
    return text.translate(_EVERYWHERE)


def narrow_in_names(text: str) -> str:
    """The text with full-width letters and digits in their narrow form."""
    return text.translate(_IN_NAMES)
