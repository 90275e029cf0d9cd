"""Rent-to-own under risk: against the closed form, by conservation of money, and in corners known by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from scenarios import ownership_prices as prices
from scenarios.ownership import against_closed_form, answered, estimated, sure
from scenarios.ownership_files import Ownership
from scenarios.ownership_risk import PAYERS, simulate
from tests.scenarios_labs.contracts import CALM, changed

_DAY = date(2026, 3, 1)
COHORTS = {"run.cohorts": 50, "run.households": 100}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tenant.exit_hazard": "0.03", "contract.refund_share": "1/3"},
        {"contract.premium_share": 1, "run.monthly_rate": "0.01"},
        {"run.seed": 77},
    ],
)
def test_the_closed_form_lies_within_four_standard_errors(changes: dict[str, object]) -> None:
    """Rents, premiums and refunds simulated without arrears agree with the exact present values."""
    for name, figures in against_closed_form(changed(COHORTS | changes)).items():
        assert figures["standard_error_fen"] > 0
        off = abs(figures["closed_fen"] - figures["simulated_fen"])
        assert off <= 4 * figures["standard_error_fen"], name


def test_survival_is_that_of_the_closed_form() -> None:
    """(1 - hazard)^T are left when the first step comes."""
    asked = sure(changed(COHORTS | {"tenant.exit_hazard": "0.02"}))
    survival = simulate(asked).survival
    error = survival.std(ddof=1) / np.sqrt(len(survival))
    assert abs(survival.mean() - 0.98**60) <= 4 * error


def test_without_chance_each_household_pays_the_plan() -> None:
    """The means by month are the plan's, to the fen, where nothing is borrowed."""
    asked = _rich({})
    account = simulate(asked)
    num = asked.run.cohorts * asked.run.households
    plan = [-flow[0] * num for flow in prices.tenant_flows(asked)]
    assert account.flows[1:, 0].tolist() == plan
    assert account.counts["bought"].sum() == num


def test_money_goes_from_one_to_another_and_none_is_made() -> None:
    """Without loans and resales the three payers together lose what is built and run, in every month."""
    asked = _rich({"tenant.exit_hazard": "0.02", "payers.running_fen": 0})
    account = simulate(asked)
    together = account.flows[:, :3].sum(axis=1)
    num = asked.run.cohorts * asked.run.households
    assert together[0] == -asked.payers.build_fen * num
    assert together[1:].tolist() == [0] * asked.run.months
    assert account.counts["left"].sum() > 0


def test_without_income_or_savings_everybody_is_evicted_after_the_arrears_allowed() -> None:
    """Three months of rent owed stand, the premium beside it makes the third month too much; nobody buys."""
    asked = changed(
        CALM | {"tenant.incomes_fen": [0] * 10, "tenant.savings_fen": 0, "contract.deposit_fen": 0}
    )
    account = simulate(asked)
    num = asked.run.cohorts * asked.run.households
    assert account.counts["evicted"].sum() == num
    assert account.counts["arrears_months"].sum() == 3 * num
    assert account.counts["afforded"].sum() == 0
    assert account.flows[:, 0].tolist() == [0] * (asked.run.months + 1)


def test_a_richer_decile_never_affords_less() -> None:
    """With the same luck switched off, who can buy rises with income and some cannot."""
    incomes = [100_000 * (number + 1) for number in range(10)]
    answer = answered(changed(CALM | {"tenant.incomes_fen": incomes, "run.months": 120}), "-", _DAY)
    afforded = answer.deciles["afforded"].tolist()
    assert afforded == sorted(afforded)
    assert afforded[0] == 0 < afforded[-1]


def test_nobody_buys_above_the_market_value_though_they_could() -> None:
    """The option is a right: at a price above the value it is left."""
    price = {"rule": "cost", "cost_per_m2_fen": 2 * 10**6, "monthly_interest": 0, "monthly_depreciation": 0}
    account = simulate(_rich({"price": price}))
    assert account.counts["afforded"].sum() == 20
    assert account.counts["bought"].sum() == 0


def test_the_same_file_gives_the_same_answer_and_another_seed_another() -> None:
    """Chance hangs on the seed alone."""
    first, again, other = (
        simulate(changed(COHORTS | {"run.months": 120, "run.seed": seed})) for seed in (3, 3, 4)
    )
    assert (first.flows == again.flows).all()
    assert (first.flows != other.flows).any()


def test_the_worst_is_the_mean_of_the_worst_twentieth() -> None:
    """Of 40 cohorts the two worst; the standard error is that of the mean."""
    told = estimated(np.arange(40, dtype=np.float64) * 10)
    assert told == {"mean_fen": 195, "standard_error_fen": 19, "worst_fen": 5}


def test_the_treasury_column_of_renting_is_the_gap_and_the_top_up() -> None:
    """For everybody there: rent less the subsidised rent, and what it adds for the landlord."""
    asked = _rich({})
    account = simulate(asked)
    per_month = -(90_000 - 54_000 + 20_000) * 20
    assert set(account.flows[1:, PAYERS.index("treasury_rent")].tolist()) == {per_month}


def test_without_chance_a_borrower_pays_the_plan_too() -> None:
    """Loans, their interest and instalments are those of the exact plan, to a fen per household."""
    poor = {"tenant.savings_fen": 270_000, "contract.refund_share": 0, "mortgage.loan_share": 1}
    asked = _rich(poor)
    account = simulate(asked)
    num = asked.run.cohorts * asked.run.households
    plan = np.array([-flow[0] * num for flow in prices.tenant_flows(asked)])
    assert account.counts["bought"].sum() == num
    assert plan[-1] < 0  # the loan is still served
    assert np.abs(account.flows[1:, 0] - plan).max() <= num


def test_who_gets_the_price_changes_nothing_for_landlord_and_treasury_together() -> None:
    """Sales and buy-backs are split between them: their sum is the same for every split."""
    sold = COHORTS | {"tenant.loses_job": "0.05"}
    ours, theirs = (simulate(changed(sold | {"payers.price_to_treasury": part})) for part in (0, 1))
    assert ours.counts["home_lost"].sum() > 0
    both = slice(PAYERS.index("landlord"), PAYERS.index("treasury") + 1)
    assert ours.flows[:, both].sum(axis=1).tolist() == theirs.flows[:, both].sum(axis=1).tolist()
    assert (ours.flows != theirs.flows).any()


def test_a_month_not_paid_in_full_earns_no_credit() -> None:
    """Who always pays a little less than is due goes in month 55, without a refund of premiums."""
    short = {"tenant.incomes_fen": [325_000] * 10, "tenant.income_growth": 0, "tenant.savings_fen": 0}
    asked = changed(CALM | short | {"contract.deposit_fen": 0, "contract.refund_share": 1})
    account = simulate(asked)
    num = asked.run.cohorts * asked.run.households
    assert account.counts["evicted"].sum() == num
    assert account.counts["arrears_months"].sum() == 55 * num
    assert account.present["refund"].tolist() == [0] * asked.run.cohorts
    assert account.flows[1:56, 0].tolist() == [-130_000 * num] * 55


def _rich(changes: dict[str, object]) -> Ownership:
    """Everybody pays everything out of income and savings, so nobody borrows."""
    rich = {"tenant.incomes_fen": [10**8] * 10, "tenant.savings_fen": 10**9, "tenant.savings_share": 0}
    return changed(CALM | rich | changes)
