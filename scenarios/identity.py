"""Synthetic identities in columns: ID numbers (GB 11643), credit codes (GB 32100), names.

ID numbers carry the reserved address code 999999, so that no real person can match.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

ADDRESS: Final = 999_999
_ID_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ID_CHECKS: Final = np.array(list("10X98765432"))
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_SEQUENCES_PER_DAY: Final = 500

SURNAMES: Final = np.array(
    [
        *"王李张刘陈杨赵黄周吴徐孙胡朱郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范",
        "欧阳",
        "司马",
        "诸葛",
    ],
    dtype=object,
)
GIVEN: Final = np.array(
    list(
        "芳娜敏静丽强磊洋勇艳杰娟涛超秀霞刚桂燕玲丹萍鹏辉宇浩梓涵轩雨欣怡佳琪晨睿瑶婷雪倩颖航凯旭博俊豪琳莹菲莉梅兰菊"
    ),
    dtype=object,
)


def id_numbers(birth: np.ndarray, is_male: np.ndarray, taken: pd.Series | None = None) -> np.ndarray:
    """ID numbers of 18 characters, all different and none in ``taken``.

    ``birth`` (m,) datetime64[D]; ``is_male`` (m,) bool. The three-digit sequence is odd for men. Raises
    ``ValueError`` when more than 500 people of one sex are born on one day (some millions of members).
    """
    day = _day_numbers(birth)
    key = day * 2 + is_male
    place = pd.Series(key).groupby(key).cumcount().to_numpy() + _used(taken, key)
    if len(place) and place.max() >= _SEQUENCES_PER_DAY:
        raise ValueError("more people of one sex on one day of birth than ID numbers hold")
    # A full-period walk through the sequences, so that neighbours do not stand side by side.
    sequence = (place * 137 + day % _SEQUENCES_PER_DAY) % _SEQUENCES_PER_DAY * 2 + is_male
    number = ADDRESS * 10**11 + day * 1000 + sequence
    digits = number[:, None] // 10 ** np.arange(16, -1, -1, dtype=np.int64) % 10
    return np.char.add(number.astype("U17"), _ID_CHECKS[digits @ _ID_WEIGHTS % 11]).astype(object)


def _day_numbers(birth: np.ndarray) -> np.ndarray:
    """(m,) int64 yyyymmdd."""
    years = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    months = birth.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = (birth - birth.astype("datetime64[M]")).astype(np.int64) + 1
    return years * 10_000 + months * 100 + days


def _used(taken: pd.Series | None, key: np.ndarray) -> np.ndarray:
    """How many sequences of each (day, sex) earlier deliveries have used up."""
    if taken is None or taken.empty:
        return np.zeros(len(key), dtype=np.int64)
    text = taken.astype(str)
    is_male = text.str.slice(14, 17).astype("int64") % 2
    used = (text.str.slice(6, 14).astype("int64") * 2 + is_male).value_counts()
    return used.reindex(key, fill_value=0).to_numpy()


def names(num: int, generator: np.random.Generator) -> Any:
    """(num,) synthetic names put together from common characters; a few with the middle dot."""
    surname = SURNAMES[generator.integers(0, len(SURNAMES), num)]
    first = GIVEN[generator.integers(0, len(GIVEN), num)]
    second = GIVEN[generator.integers(0, len(GIVEN), num)]
    kind = generator.random(num)
    second = np.where(kind < 0.12, "", second)
    joint = np.where(kind > 0.997, "·", "")
    return surname + joint + first + second


def credit_codes(num: int, generator: np.random.Generator) -> list[str]:
    """``num`` different credit codes of 18 characters whose two checks hold; division 999999: no real firm."""
    codes: dict[str, None] = {}
    while len(codes) < num:
        letters = "".join(_CREDIT_ALPHABET[i] for i in generator.integers(0, len(_CREDIT_ALPHABET), 8))
        codes[_credit_code(letters)] = None
    return list(codes)


def _credit_code(organisation: str) -> str:
    weights = zip(organisation, _ORGANISATION_WEIGHTS, strict=True)
    total = sum(_ORGANISATION_ALPHABET.index(letter) * weight for letter, weight in weights)
    body = f"91999999{organisation}{'0123456789X0'[(11 - total % 11) % 12]}"
    total = sum(_CREDIT_ALPHABET.index(letter) * 3**place for place, letter in enumerate(body))
    return body + _CREDIT_ALPHABET[-total % 31]
