"""Rents: exact integers, rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.tenancies.rents import monthly_rent_fen

AREAS = st.integers(0, 2_000_000)
RATES = st.integers(0, 100_000)


def rent(area_cm2, rate_fen, is_bed=False):
    return int(monthly_rent_fen([area_cm2], [rate_fen], [is_bed])[0])


def test_flat_rent_is_area_times_rate():
    """A flat's rent is its area times the rent per m²."""
    # 39.87 m² x 11.00 yuan = 438.57 yuan
    assert rent(398_700, 1_100) == 43_857


@pytest.mark.parametrize(
    ("area_cm2", "expected"),
    # 1 yuan/m²: 0.5049 m² = 50.49 fen; 0.5050 m² = 50.50 fen, the half goes up; 0.5051 m² = 50.51 fen
    [(5_049, 50), (5_050, 51), (5_051, 51)],
)
def test_half_a_fen_goes_up(area_cm2, expected):
    """Rent is rounded to the fen, half up."""
    assert rent(area_cm2, 100) == expected


def test_bed_rent_is_per_bed():
    """A bed's rent is the rent per bed, whatever its area."""
    assert rent(60_000, 15_000, is_bed=True) == 15_000


@given(AREAS, AREAS, RATES)
def test_rent_grows_with_area(area, other, rate):
    """A larger flat at the same rent per m² never costs less."""
    small, large = sorted((area, other))
    assert rent(small, rate) <= rent(large, rate)


@given(st.integers(0, 10**15), st.integers(0, 10**13))
def test_rent_is_exact_at_any_size(area, rate):
    """Rent equals the decimal product rounded half up, beyond 64 bits of the product too."""
    exact = int((Decimal(area) * rate / 10_000).quantize(Decimal(1), ROUND_HALF_UP, context=_wide()))
    if exact < 2**63:
        assert rent(area, rate) == exact


def _wide():
    from decimal import Context

    return Context(prec=60)


def test_rows_do_not_meddle_with_each_other():
    """Each row's rent is that row's alone."""
    together = monthly_rent_fen([500_000, 60_000], [4_000, 20_000], [False, True])
    assert together.tolist() == [rent(500_000, 4_000), rent(60_000, 20_000, is_bed=True)]
    assert together.dtype == np.int64


@pytest.mark.parametrize("wrong", [[-1], [None], [float("nan")]])
def test_missing_or_negative_amounts_are_bugs(wrong):
    """A missing or negative area never becomes a rent."""
    with pytest.raises(ValueError, match="amount"):
        monthly_rent_fen(wrong, [100], [False])
