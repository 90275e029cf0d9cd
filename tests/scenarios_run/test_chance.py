"""Common random numbers hang on household, month and purpose alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scenarios.chance import Purpose, keys_of, normals, poisson, uniforms


@given(st.integers(0, 2**63 - 1), st.integers(1, 9999), st.integers(0, 1200), st.sampled_from(Purpose))
def test_a_number_hangs_on_its_own_key_only(
    seed: int, replication: int, month: int, purpose: Purpose
) -> None:
    """Who else is asked, and in what order, changes nobody's number."""
    numbers = np.array([7, 10**12, 3, -5])
    every = uniforms(keys_of(seed, replication, numbers), month, purpose)
    turned = uniforms(keys_of(seed, replication, numbers[::-1]), month, purpose)[::-1]
    alone = uniforms(keys_of(seed, replication, numbers[1:2]), month, purpose)
    assert every.tolist() == turned.tolist()
    assert alone[0] == every[1]
    assert ((every >= 0) & (every < 1)).all()


def test_keys_months_and_purposes_are_told_apart() -> None:
    """No two of a hundred thousand numbers are equal, and their mean, spread and correlation are those of chance."""
    keys = keys_of(1, 1, np.arange(50_000))
    first, second = uniforms(keys, 3, Purpose.EXITS), uniforms(keys, 4, Purpose.EXITS)
    other = uniforms(keys, 3, Purpose.REFUSES)
    assert len(np.unique(np.r_[first, second])) == 100_000
    # Standard errors: 0.0013 for a mean, 0.0045 for a correlation; five of them are allowed.
    assert abs(first.mean() - 0.5) < 0.0065
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.0225
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.0225
    drawn = normals(keys, 3)
    assert abs(drawn.mean()) < 0.0225
    assert abs(drawn.std() - 1) < 0.016


def test_known_numbers_stay() -> None:
    """The hash is part of what a scenario means: these numbers never change."""
    assert keys_of(1, 1, [0, 1]).tolist() == [13672899189996772141, 5916272321438647377]
    assert uniforms(keys_of(1, 1, [0]), 0, Purpose.EXITS).tolist() == [0.12729270370073242]


@given(st.floats(0, 0.999999), st.floats(0, 300), st.floats(0, 50))
def test_more_expected_is_never_fewer(share: float, mean: float, more: float) -> None:
    """The same luck under a greater mean brings at least as many."""
    assert poisson(share, mean) <= poisson(share, mean + more)


def test_the_median_of_a_known_mean() -> None:
    """Poisson of mean 10 by any table: P(X <= 9) = 0.4579, P(X <= 10) = 0.5830."""
    assert (poisson(0.4578, 10), poisson(0.4581, 10), poisson(0.5831, 10)) == (9, 10, 11)
    assert poisson(0.9, 0) == 0
