"""Rent-to-own in whole fen: price, credit, cash due, staircase, loan and clawback; exact fractions, rounded half up.

Formulas: docs/reference/rent-to-own.md. Months count from 1; ``month`` is the end of that month, 0 the start.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

from scenarios import rent_to_own
from scenarios.ownership_files import CostPrice, MarketPrice, Ownership

_CM2_PER_M2 = 10_000


def half_up(amount: Fraction) -> int:
    """To whole fen, a half away from nothing upwards."""
    return int((2 * amount + 1) // 2)


def value(asked: Ownership, month: int) -> Fraction:
    """Market value of the dwelling without chance."""
    home = asked.dwelling
    return home.value_fen * (1 + home.monthly_appreciation) ** month


def cost_price(asked: Ownership, rule: CostPrice, month: int) -> Fraction:
    """Cost + interest - depreciation: C A (1 + i)^t max(0, 1 - d t)."""
    cost = Fraction(rule.cost_per_m2_fen * asked.dwelling.building_area_cm2, _CM2_PER_M2)
    return (
        cost * (1 + rule.monthly_interest) ** month * max(Fraction(0), 1 - rule.monthly_depreciation * month)
    )


def price_fen(asked: Ownership, month: int) -> int:
    """Price of the whole dwelling at the end of the month, by the file's rule, without chance."""
    rule = asked.price
    if isinstance(rule, MarketPrice):
        return half_up(rule.market_share * value(asked, month))
    return half_up(cost_price(asked, rule, month))


def share_at(asked: Ownership, month: int) -> Fraction:
    """Share owned after the month by a household that takes every step."""
    return sum((step.share for step in asked.contract.steps if step.month <= month), Fraction(0))


def rent_fen(asked: Ownership, share: Fraction) -> int:
    """Rent of the share not owned: R (1 - e)."""
    return half_up(asked.contract.rent_fen * (1 - share))


def monthly_premium_fen(asked: Ownership) -> int:
    """Paid on top of the rent until the first step is taken."""
    return half_up(asked.contract.premium_share * asked.contract.rent_fen)


def monthly_credit_fen(asked: Ownership) -> int:
    """What a month's payment adds to the credit: the premium and a share of the rent."""
    return monthly_premium_fen(asked) + half_up(asked.contract.credit_share * asked.contract.rent_fen)


def credit_fen(asked: Ownership, num_months: int, price: int) -> int:
    """Credit after so many months paid: never above the cap, a share of the price, rounded down."""
    return min(num_months * monthly_credit_fen(asked), int(asked.contract.credit_cap * price))


def cash_due_fen(price: int, share: Fraction, credit: int, deposit: int, savings: int) -> int:
    """max(0, P x share - credit - deposit - savings): what is left to borrow."""
    return max(0, half_up(price * share) - credit - deposit - savings)


def saved_fen(savings: int, rate: Fraction, added: int) -> int:
    """Savings after one month: grown, then added to."""
    return half_up(savings * (1 + rate)) + added


def clawback_fen(asked: Ownership, price: int, value_then: int, resale: int, months_since: int) -> int:
    """Discount / value x resale x (1, .8, .6, .4, .2)[years since the purchase]; nothing after the last year."""
    year = months_since // 12
    if year >= len(asked.contract.clawback) or value_then <= price or value_then == 0:
        return 0
    return half_up(Fraction(value_then - price, value_then) * resale * asked.contract.clawback[year])


def annuity(rate: Fraction, months: int) -> Fraction:
    """Loan that one fen a month repays: (1 - (1 + i)^-M) / i."""
    return Fraction(months) if rate == 0 else (1 - (1 + rate) ** -months) / rate


def instalment_fen(loan: int, rate: Fraction, months: int) -> int:
    """Monthly instalment that repays the loan, rounded up to whole fen."""
    return -int(-Fraction(loan) / annuity(rate, months) // 1)


def terms(asked: Ownership) -> rent_to_own.Terms:
    """The contract as terms of the closed form up to the first step: constant hazard, no arrears."""
    return rent_to_own.Terms(
        months=asked.contract.steps[0].month,
        monthly_rate=asked.run.monthly_rate,
        monthly_exit_hazard=asked.tenant.exit_hazard,
        monthly_appreciation=asked.dwelling.monthly_appreciation,
        rent_fen=asked.contract.rent_fen,
        value_fen=asked.dwelling.value_fen,
        premium_share=asked.contract.premium_share,
        refund_share=asked.contract.refund_share,
    )


def neutral_price_fen(asked: Ownership) -> int | None:
    """Price of the whole at the first step at which the option is worth nothing; ``None`` where nobody is left."""
    price = rent_to_own.worth(terms(asked)).neutral_price_fen
    return None if price is None else half_up(price)


def neutral_steps_fen(asked: Ownership) -> list[int]:
    """For each step: present value, then, of the rent given up to the run's end and of the share of the value there."""
    discount, end = 1 / (1 + asked.run.monthly_rate), asked.run.months
    found = []
    for step in asked.contract.steps:
        left = end - step.month
        rents = asked.contract.rent_fen * annuity(asked.run.monthly_rate, left) if left else Fraction(0)
        found.append(half_up(step.share * (rents + value(asked, end) * discount**left)))
    return found


def tenant_flows(asked: Ownership) -> list[tuple[int, int, int]]:
    """For each month without chance: paid by the buyer, paid by the subsidised tenant, what the buyer could take away.

    The buyer takes every step, pays with credit, deposit and the savings of the start (grown), borrows the rest.
    What can be taken away: before a purchase the refund and the deposit; afterwards the share of the market value
    less clawback and loan, as on a resale at the month's end.
    """
    plan = _Buyer(asked)
    flows = []
    for month in range(1, asked.run.months + 1):
        plan.pay_month(month)
        for step in asked.contract.steps:
            if step.month == month:
                plan.buy(month, step.share)
        flows.append((plan.paid, asked.tenant.subsidised_rent_fen, plan.worth(month)))
        plan.savings = half_up(plan.savings * (1 + asked.tenant.savings_monthly_rate))
    return flows


def break_even_month(asked: Ownership, flows: list[tuple[int, int, int]]) -> int | None:
    """First month from which buying stays ahead of renting to the run's end, at the stated rate; exact."""
    growth, deposit = 1 + asked.run.monthly_rate, asked.contract.deposit_fen

    def grown(before: Fraction, flow: tuple[int, int, int]) -> Fraction:
        return before * growth + flow[1] - flow[0]

    ahead = list(accumulate(flows, grown, initial=Fraction(-deposit)))[1:]
    found = None
    for month in range(len(flows), 0, -1):
        if ahead[month - 1] + flows[month - 1][2] < 0:
            break
        found = month
    return found


class _Buyer:
    """One buyer without chance, month by month; a new loan takes in what is left of the one before."""

    def __init__(self, asked: Ownership) -> None:
        self.asked, self.savings = asked, max(0, asked.tenant.savings_fen - asked.contract.deposit_fen)
        self.share, self.paid, self.months_paid = Fraction(0), 0, 0
        self.loan, self.instalment = 0, 0
        self.bought: list[tuple[int, Fraction, int, int]] = []  # month, share, price, value of the whole

    def pay_month(self, month: int) -> None:
        """Rent of what is not owned, premium while nothing is, instalment."""
        self.paid = rent_fen(self.asked, self.share)
        if not self.bought:
            self.paid += monthly_premium_fen(self.asked)
            self.months_paid = month
        owed = half_up(self.loan * (1 + self.asked.mortgage.monthly_rate))
        part = min(owed, self.instalment)
        self.loan = owed - part
        self.paid += part

    def buy(self, month: int, share: Fraction) -> None:
        """One step: credit and deposit at the first one, then savings, then a loan."""
        price = price_fen(self.asked, month)
        is_first = not self.bought
        tranche = half_up(price * share)
        credit = credit_fen(self.asked, self.months_paid, tranche) if is_first else 0
        deposit = self.asked.contract.deposit_fen if is_first else 0
        loan = cash_due_fen(price, share, credit, deposit, self.savings)
        from_savings = min(self.savings, cash_due_fen(price, share, credit, deposit, 0))
        self.savings -= from_savings
        self.paid += from_savings - min(deposit, max(0, credit + deposit - tranche))
        self.loan += loan
        if loan:
            self.instalment = instalment_fen(
                self.loan, self.asked.mortgage.monthly_rate, self.asked.mortgage.months
            )
        self.share += share
        self.bought.append((month, share, price, half_up(value(self.asked, month))))

    def worth(self, month: int) -> int:
        """What could be taken away at the end of the month."""
        if not self.bought:
            refund = self.asked.contract.refund_share * monthly_premium_fen(self.asked) * self.months_paid
            return half_up(refund) + self.asked.contract.deposit_fen
        now = half_up(value(self.asked, month))
        due = sum(
            half_up(share * clawback_fen(self.asked, price, then, now, month - bought))
            for bought, share, price, then in self.bought
        )
        return half_up(self.share * now) - due - self.loan
