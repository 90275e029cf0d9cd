"""A home, a voucher, rent relief of equal benefit: amounts by hand, laws of the draws."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scenarios import subsidy_forms as forms
from scenarios import subsidy_lab_check as check
from scenarios.subsidy_lab_files import Forms
from scenarios.subsidy_people import People
from tests.scenarios_labs.subsidy_worlds import SMALL, asked_of, told

CERTAIN = (
    ("take_up = [0.7, 0.85, 0.95]", "take_up = 1"),
    ("take_up = [0.4, 0.6, 0.9]", "take_up = 1"),
    ("take_up = [0.6, 0.8, 0.95]", "take_up = 1"),
    ("valued = [0.7, 0.9, 1.0]", "valued = 1"),
    ("pass_through = [0.0, 0.15, 0.5]", "pass_through = 0.1"),
    ('alike = "persons"', 'alike = "household"'),
    ("admin_fen = 1500", "admin_fen = 0"),
    ("admin_fen = 800", "admin_fen = 0"),
)


def a_single_and_a_couple() -> People:
    """Incomes 2,000 and 6,000 yuan, market rents 700 and 950."""
    columns = ([1, 2], [200_000, 600_000], [70_000, 95_000], [0, 5])
    return People(*(np.array(column, np.int64) for column in columns))


def asked(folder: Path, *changes: tuple[str, str]) -> Forms:
    """The forms of the shipped file, changed."""
    wanted = asked_of(folder, told(SMALL, *changes)).file.forms
    assert wanted is not None
    return wanted


def test_amounts_by_hand(tmp_path: Path) -> None:
    """Rent 15 % of income at most, benefit worth less rent, voucher grossed up by 1 / 0.9, never above the market rent."""
    amounts = forms.amounts_of(a_single_and_a_couple(), asked(tmp_path, *CERTAIN))
    assert amounts.rent.tolist() == [
        30_000,
        48_000,
    ]  # min(360, 15 % of 2,000) and min(480, 15 % of 6,000) yuan
    assert amounts.benefit.tolist() == [42_000, 48_000]  # 720 - 300, 960 - 480
    # 466.67 - 46.67 = 420 and 533.33 - 53.33 = 480 yuan; a fen less of either leaves less.
    assert amounts.paid.tolist() == [46_667, 53_333]
    assert amounts.relief.tolist() == [42_000, 48_000]
    in_common = forms.amounts_of(
        a_single_and_a_couple(), asked(tmp_path, *CERTAIN[:-3], (CERTAIN[-3][0], 'alike = "everybody"'))
    )
    assert in_common.benefit.tolist() == [45_000, 45_000]


def test_a_dwelling_without_interest_costs_its_capital_by_months() -> None:
    """(capital - what stands at the end) / months + running cost, where nothing is discounted."""
    unit = forms.Unit.model_construct(
        residual_share=Fraction(1, 4), monthly_rate=Fraction(0), months=100, running_fen=7
    )
    assert forms.monthly_cost_fen(unit, 40_000) == 307  # 40,000 x 3/4 / 100 + 7


def test_where_all_is_as_assumed_nobody_gains_or_loses(tmp_path: Path) -> None:
    """Equal benefit is equal: with the assumed pass-through and everybody taking it, each form gives the same to the fen."""
    wanted, people = asked(tmp_path, *CERTAIN), a_single_and_a_couple()
    drawn = forms.simulated(people, wanted, forms.amounts_of(people, wanted))
    assert set(drawn.loc[drawn["decile"] == 0, "takers"]) == {2}
    assert (drawn["more"] + drawn["less"]).sum() == 0
    everybody = drawn[drawn["decile"] == 0].groupby("form")["gain_fen"].unique()
    assert {form: gain.tolist() for form, gain in everybody.items()} == {
        form: [90_000] for form in forms.FORMS
    }


@pytest.mark.parametrize(("rise", "column"), [("0.3", "less"), ("0", "more")])
def test_a_pass_through_above_the_assumed_makes_losers_and_below_it_winners(
    rise: str, column: str, tmp_path: Path
) -> None:
    """Of vouchers alone; rent relief stays what it is."""
    changes = [*CERTAIN]
    changes[4] = (changes[4][0], f"pass_through = {rise}")
    wanted, people = asked(tmp_path, *changes), a_single_and_a_couple()
    drawn = forms.simulated(people, wanted, forms.amounts_of(people, wanted))
    drawn = drawn[drawn["decile"] == 0].set_index("form")
    assert set(drawn.loc["voucher", column]) == {2}
    assert set(drawn.loc["relief", column]) == {0}


def test_a_voucher_that_ends_wholly_in_rent_is_not_taken(tmp_path: Path) -> None:
    """Nobody gains by it, so it costs nothing; there is no closed form to hold it against."""
    changes = [*CERTAIN]
    changes[4] = (changes[4][0], "pass_through = 1")
    wanted, people = asked(tmp_path, *changes), a_single_and_a_couple()
    amounts = forms.amounts_of(people, wanted)
    drawn = forms.simulated(people, wanted, amounts)
    of_vouchers = drawn[drawn["form"] == "voucher"]
    assert of_vouchers[["takers", "gain_fen", "cost_fen"]].to_numpy().sum() == 0
    assert set(check.forms(people, wanted, amounts, drawn)) == {"relief"}


def test_a_decile_that_does_not_add_up_does_not_check(tmp_path: Path) -> None:
    """One fen of gain in one draw is found, and so is one fen of a voucher."""
    wanted, people = asked(tmp_path), a_single_and_a_couple()
    amounts = forms.amounts_of(people, wanted)
    drawn = forms.simulated(people, wanted, amounts)
    check.forms(people, wanted, amounts, drawn)
    altered = drawn.copy()
    altered.loc[1, "gain_fen"] += 1
    with pytest.raises(RuntimeError, match="does not check"):
        check.forms(people, wanted, amounts, altered)
    amounts.paid[0] += 1
    with pytest.raises(RuntimeError, match="does not check"):
        check.forms(people, wanted, amounts, drawn)


def test_the_break_even_pass_through_makes_costs_equal() -> None:
    """Benefit / (1 - f) is then what a home costs net of rent."""
    ones = np.array([1, 1], np.int64)
    amounts = forms.Amounts(ones, 100 * ones, 700 * ones, 450 * ones, ones, ones)
    wanted = Forms.model_construct(voucher=forms_voucher(0))
    assert forms.break_even_pass_through(amounts, wanted) == Fraction(1, 4)  # 450 / 0.75 = 700 - 100
    dear = Forms.model_construct(voucher=forms_voucher(151))
    assert forms.break_even_pass_through(amounts, dear) is None


def forms_voucher(admin_fen: int) -> object:
    """A voucher of that administration."""
    from scenarios.subsidy_lab_files import Voucher

    return Voucher.model_construct(admin_fen=admin_fen)


def test_draws_are_triangular_and_hang_on_the_seed_alone(tmp_path: Path) -> None:
    """Within their ends, mean (a + b + c) / 3 within four standard errors, the same for the same seed."""
    wanted = asked(tmp_path, ("draws = 20", "draws = 4000"))
    drawn = forms.drawn(wanted)
    for name, (least, likely, most) in {
        "voucher.pass_through": wanted.voucher.pass_through,
        "unit.valued": wanted.unit.valued,
        "relief.take_up": wanted.relief.take_up,
    }.items():
        values = drawn[name] / 1e6
        assert float(least) <= values.min() < values.max() <= float(most)
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - float(least + likely + most) / 3) <= 4 * error
    again = forms.drawn(wanted)
    other = forms.drawn(asked(tmp_path, ("draws = 20\nseed = 1", "draws = 4000\nseed = 2")))
    assert all((drawn[name] == again[name]).all() for name in drawn)
    assert (drawn["unit.valued"] != other["unit.valued"]).any()


def test_quantiles_are_the_least_that_so_many_do_not_exceed(tmp_path: Path) -> None:
    """Of 20 draws the first and the nineteenth; the mean half up."""
    wanted, people = asked(tmp_path), a_single_and_a_couple()
    drawn = forms.simulated(people, wanted, forms.amounts_of(people, wanted))
    found = forms.spread_of(drawn).set_index(["decile", "form", "measure"])
    values = sorted(drawn[(drawn["decile"] == 0) & (drawn["form"] == "voucher")]["cost_fen"])
    told_of = found.loc[(0, "voucher", "cost_fen")]
    assert [told_of["low"], told_of["high"]] == [values[0], values[18]]
    assert told_of["mean"] == int(sum(values) / 20 + 0.5)


def test_deciles_go_by_income_per_head_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    """A couple with 3,000 yuan stands below a single with 2,000."""
    table = "persons,income_fen,rent_fen,households\n1,200000,70000,5\n2,300000,90000,5\n"
    text = told(
        SMALL,
        (SMALL[SMALL.index("[population") : SMALL.index("[forms]")], '[population]\nfile = "own.csv"\n\n'),
    )
    (tmp_path / "own.csv").write_text(table, encoding="utf-8")
    first = asked_of(tmp_path, text).people
    rows = table.splitlines()
    (tmp_path / "own.csv").write_text("\n".join([rows[0], rows[2], rows[1]]) + "\n", encoding="utf-8")
    second = asked_of(tmp_path, text).people
    assert first is not None
    assert second is not None
    assert first.decile.tolist() == second.decile.tolist()
    assert sorted(first.decile[first.persons == 2].tolist()) == [0, 1, 2, 3, 4]
