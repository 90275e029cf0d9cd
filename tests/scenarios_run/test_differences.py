"""Paired differences, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from allocator.errors import Refused
from scenarios.differences import paired, t_quantile
from scenarios.results import Results
from scenarios.winners import winners

KEYS = {"policy": "example", "start": "2026-03", "months": 3, "warm_up_months": 1, "replications": 3, "seed": 1,
        "households": 1, "waiting": 1, "world": "shortage"}  # fmt: skip


def run(name: str, values: list[list[float]], **changes: object) -> Results:
    """A run with one measure: a value for each replication and month; the first month is warm-up."""
    rows = [
        {"scenario": name, "replication": r, "month": m, "is_warm_up": m == 0, "group_kind": "all", "group": "all",
         "measure": measure, "value": value}
        for r, months in enumerate(values, start=1) for m, value in enumerate(months) for measure in ("waiting", "housed")
    ]  # fmt: skip
    return Results({"scenario": name, **KEYS, **changes}, pd.DataFrame(rows), pd.DataFrame())


def test_three_replications_by_hand() -> None:
    """Differences 1, 2, 6: mean 3, variance 7, half-width 4.303 x sqrt(7 / 3) = 6.573; the warm-up does not count."""
    baseline = run("baseline", [[99, 10, 20], [99, 20, 20], [99, 30, 30]])  # means 15, 20, 30
    other = run("other", [[0, 11, 21], [0, 22, 22], [0, 36, 36]])  # means 16, 22, 36
    row = paired(baseline, other).set_index("measure").loc["waiting"]
    assert (row["baseline"], row["value"], row["difference"]) == (21.666667, 24.666667, 3.0)
    assert row["high"] - row["difference"] == pytest.approx(4.303 * math.sqrt(7 / 3), abs=1e-5)
    assert row["difference"] - row["low"] == pytest.approx(4.303 * math.sqrt(7 / 3), abs=1e-5)
    assert row["replications"] == 3


def test_one_replication_has_no_interval() -> None:
    """The difference stands, its interval is unknown."""
    table = paired(
        run("baseline", [[0, 1, 1]], replications=1), run("other", [[0, 4, 4]], replications=1)
    ).set_index("measure")
    assert table.loc["waiting", "difference"] == 3
    assert np.isnan(table.loc["waiting", "low"])


@pytest.mark.parametrize("key", ["months", "seed", "households", "policy"])
def test_runs_of_another_kind_are_not_compared(key: str) -> None:
    """Another horizon, seed, size or law: refused with the key."""
    with pytest.raises(Refused) as refused:
        paired(run("baseline", [[0, 1, 1]]), run("other", [[0, 1, 1]], **{key: 77}))
    assert (refused.value.code, refused.value.params["key"]) == ("scenario_runs_differ", key)


def test_quantiles_of_student() -> None:
    """The table's ends, and 40 and 120 degrees of freedom by any table (2.021, 1.980)."""
    assert (t_quantile(1), t_quantile(30)) == (12.706, 2.042)
    assert t_quantile(40) == pytest.approx(2.021, abs=5e-4)
    assert t_quantile(120) == pytest.approx(1.980, abs=5e-4)


def test_who_gains_and_who_loses_by_hand() -> None:
    """A gains 5, B loses 3 and a month, C stays, D comes in one scenario only; the poorest and the richest apart."""
    columns = ["replication", "household", "decile", "benefit_fen_per_month", "tenant_months"]
    before = pd.DataFrame([(1, 7, 1, 10, 2), (1, 8, 1, 10, 2), (2, 7, 10, 4, 0)], columns=columns)
    after = pd.DataFrame(
        [(1, 8, 1, 7, 1), (1, 7, 1, 15, 2), (2, 7, 10, 4, 0), (2, 9, 3, 99, 5)], columns=columns
    )
    table = winners(
        Results({"scenario": "baseline"}, pd.DataFrame(), before),
        [Results({"scenario": "other"}, pd.DataFrame(), after)],
    )
    assert table.drop(columns="scenario").to_numpy().tolist() == [
        [0, 3, 1, 1, 5, 3, 0, 1],
        [1, 2, 1, 1, 5, 3, 0, 1],
        [10, 1, 0, 0, 0, 0, 0, 0],
    ]
    assert set(table["scenario"]) == {"other"}
