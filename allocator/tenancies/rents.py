"""租金: the monthly rent of a dwelling, in integer fen."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]

CM2_PER_M2: Final = 10_000
_INT64_MAX: Final = int(np.iinfo(np.int64).max)


def monthly_rent_fen(area_cm2: Any, rent_per_m2_fen: Any, is_bed: Any) -> Ints:
    """Rent per month in fen, ``(n,) int64``.

    Flats: area (cm²) × rent per m² (fen), rounded half up to the fen once. Beds: the rent per bed, which
    stands in the same column (contract, section 3). Raises ``ValueError`` on a missing or negative value.
    """
    area, rate = whole_numbers(area_cm2), whole_numbers(rent_per_m2_fen)
    flat = product_over((area, rate), CM2_PER_M2)
    return np.where(np.asarray(is_bed, dtype=bool), rate, flat)


def whole_numbers(values: Any) -> Ints:
    """The values as ``int64``; a missing or negative one raises ``ValueError``."""
    array = np.asarray(values)
    if array.dtype.kind in "fO" and pd.isna(array).any():
        raise ValueError("a missing amount")
    numbers = array.astype(np.int64)
    if numbers.size and int(numbers.min()) < 0:
        raise ValueError("a negative amount")
    return numbers


def product_over(factors: tuple[Ints, ...], divisor: int) -> Ints:
    """The product of the columns divided by ``divisor``, rounded half up, exact also beyond 64 bits."""
    peak = divisor
    for factor in factors:
        peak *= max(1, int(factor.max())) if factor.size else 1
    dtype: Any = np.int64 if 2 * peak <= _INT64_MAX else object
    product = factors[0].astype(dtype)
    for factor in factors[1:]:
        product = product * factor.astype(dtype)
    return ((2 * product + divisor) // (2 * divisor)).astype(np.int64)
