"""Rent-to-own under risk: many households month by month, vectorised; who buys, who falls into arrears, who pays.

Arrays are (cohorts, households), money int64 fen. In a month: rent and premium (and what was owed) are paid, then
instalments; then some leave; then those at a step who can, buy. docs/reference/rent-to-own.md gives the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from scenarios import ownership_prices as prices
from scenarios.chance import Floats
from scenarios.documents import GREATEST_MONEY
from scenarios.ownership_files import MarketPrice, Ownership
from scenarios.ownership_luck import Luck, Truths, Whole

PAYERS: Final = ("tenant", "landlord", "treasury", "treasury_rent")
PARTS: Final = ("rent", "premium", "refund")


@dataclass(eq=False)
class Account:
    """Sums of a run.

    ``flows``: (months + 1, payers) int64, over all households; ``present``: (cohorts,) mean present value per
    household and name; ``counts``: (households,) over all cohorts and name; ``survival``: (cohorts,) share still
    under contract (or owning) at the end.
    """

    flows: Whole
    present: dict[str, Floats]
    counts: dict[str, Whole] = field(default_factory=dict)
    survival: Floats = field(default_factory=lambda: np.zeros(0))


def simulate(asked: Ownership) -> Account:
    """The whole run: a pure function of the file."""
    world = _World(asked)
    for month in range(1, asked.run.months + 1):
        world.month(month)
    return world.closed()


class _World:
    """State of all households; one method for each thing that happens in a month."""

    def __init__(self, asked: Ownership) -> None:
        run, tenant, agreed = asked.run, asked.tenant, asked.contract
        shape = (run.cohorts, run.households)
        self.asked, self.luck, self.shape = asked, Luck(asked), shape
        self.there: Truths = np.ones(shape, dtype=np.bool_)
        start = max(0, tenant.savings_fen - agreed.deposit_fen)
        self.savings: Whole = np.full(shape, start, dtype=np.int64)
        self.step, self.credited, self.arrears, self.overdue, self.loan, self.instalment, self.cost = (
            np.zeros(shape, dtype=np.int64) for _ in range(7)
        )
        num_steps = len(agreed.steps)
        self.bought_in: Whole = np.zeros((num_steps, *shape), dtype=np.int64)
        self.discount: Floats = np.zeros((num_steps, *shape))
        self.afforded: Truths = np.zeros(shape, dtype=np.bool_)
        shares = np.cumsum([0.0, *(float(step.share) for step in agreed.steps)])
        self.kept: Floats = np.maximum(0.0, 1.0 - shares)  # the landlord's share after so many steps
        exact = [prices.share_at(asked, 0), *(prices.share_at(asked, step.month) for step in agreed.steps)]
        self.rents: Whole = np.array([prices.rent_fen(asked, share) for share in exact], dtype=np.int64)
        self.is_whole: Truths = np.array([share == 1 for share in exact])
        self.refunds: Whole = np.array(
            [
                prices.half_up(agreed.refund_share * prices.monthly_premium_fen(asked) * paid)
                for paid in range(run.months + 1)
            ],
            dtype=np.int64,
        )
        self.annuity = float(prices.annuity(asked.mortgage.monthly_rate, asked.mortgage.months))
        names = [*PAYERS, *PARTS, "reversion"]
        flows = np.zeros((run.months + 1, len(PAYERS)), dtype=np.int64)
        self.account = Account(flows, {name: np.zeros(run.cohorts) for name in names})
        for name in ("bought", "evicted", "home_lost", "left", "resold", "arrears_months"):
            self.account.counts[name] = np.zeros(run.households, dtype=np.int64)
        self.now: dict[str, Whole] = {}
        self._open()

    def _open(self) -> None:
        """Month 0: the building, the grant, the deposits."""
        payers, deposit = self.asked.payers, self.asked.contract.deposit_fen
        self._begin()
        self._add("tenant", np.full(self.shape, -deposit))
        self._add("landlord", np.full(self.shape, deposit + payers.grant_fen - payers.build_fen))
        self._add("treasury", np.full(self.shape, -payers.grant_fen))
        self._book(0)

    def _begin(self) -> None:
        self.now = {name: np.zeros(self.shape, dtype=np.int64) for name in (*PAYERS, *PARTS, "reversion")}

    def _add(self, name: str, amount: Any) -> None:
        self.now[name] = self.now[name] + amount

    def _book(self, month: int) -> None:
        """The month's flows into the sums and the present values."""
        discount = float(1 + self.asked.run.monthly_rate) ** -month
        for name, amount in self.now.items():
            if name in PAYERS:
                self.account.flows[month, PAYERS.index(name)] += int(amount.sum())
            self.account.present[name] += discount * amount.sum(axis=1) / self.shape[1]

    def month(self, month: int) -> None:
        """One month for all who are there."""
        leaves = self.luck.next_month(month)
        self._begin()
        self._pay()
        self._evict()
        self._leave(month, leaves)
        for number, step in enumerate(self.asked.contract.steps):
            if month >= step.month:
                self._buy(month, number)
        self._book(month)

    def _pay(self) -> None:
        """Dues of the landlord before instalments, out of a share of income and then of savings."""
        tenant, payers = self.asked.tenant, self.asked.payers
        there, is_tenant = self.there, self.there & (self.step == 0)
        premium = prices.monthly_premium_fen(self.asked)
        rent = self.rents[self.step] * there
        from_income = (self.luck.income * float(tenant.pay_share)).astype(np.int64)
        means = from_income + self.savings
        due = rent + premium * is_tenant + self.arrears
        paid = np.minimum(due, means) * there
        self.arrears = (due - paid) * there
        owed = np.rint(self.loan * float(1 + self.asked.mortgage.monthly_rate)).astype(np.int64)
        part = np.minimum(owed, self.instalment) * there
        wanted = np.minimum(owed, part + self.overdue)
        paid_off = np.minimum(wanted, means - paid) * there
        self.overdue = (wanted - paid_off) * there
        self.loan = (owed - paid_off) * there
        drawn = np.maximum(0, paid + paid_off - from_income)
        is_sound = there & (self.arrears == 0) & (self.overdue == 0)
        saved = np.where(is_sound & (drawn == 0), self.luck.income * float(tenant.savings_share), 0)
        grown = np.rint((self.savings - drawn) * float(1 + tenant.savings_monthly_rate))
        self.savings = np.minimum(grown + saved, GREATEST_MONEY).astype(np.int64)
        on_time = is_tenant & (self.arrears == 0)
        self.credited += on_time
        self.account.counts["arrears_months"] += (there & ~is_sound).sum(axis=0)
        kept = self.kept[self.step] * there
        top_up = np.rint(kept * payers.top_up_fen).astype(np.int64)
        gap = max(0, self.asked.contract.rent_fen - tenant.subsidised_rent_fen)
        self._add("tenant", -paid - paid_off)
        self._add("landlord", paid + top_up - np.rint(kept * payers.running_fen).astype(np.int64))
        self._add("treasury", -top_up)
        self._add("treasury_rent", -(payers.top_up_fen + gap) * there)
        self._add("rent", rent)
        self._add("premium", premium * on_time)

    def _evict(self) -> None:
        """Who owes more than so many months of rent or of instalments goes; bought shares are bought back at cost."""
        limit = self.asked.tenant.arrears_months
        over_rent = self.arrears > limit * self.rents[0]
        gone = self.there & (over_rent | (self.overdue > limit * self.instalment))
        self._refund(gone & (self.step == 0), "evicted")
        lost = gone & (self.step > 0)
        back = np.maximum(0, self.cost - self.arrears) * lost
        from_treasury = np.rint(back * float(self.asked.payers.price_to_treasury)).astype(np.int64)
        self._add("tenant", back - np.minimum(back, self.loan) * lost)
        self._add("landlord", from_treasury - back)
        self._add("treasury", -from_treasury)
        self._go(lost, "home_lost", lost.astype(np.float64))

    def _leave(self, month: int, drawn: Floats) -> None:
        """Tenants who go of themselves get the refund; owners of the whole who resell pay the clawback."""
        tenant = self.asked.tenant
        self._refund(self.there & (self.step == 0) & (drawn < float(tenant.exit_hazard)), "left")
        resells = self.there & self.is_whole[self.step] & (drawn < float(tenant.resale_hazard))
        factors = np.array([*(float(share) for share in self.asked.contract.clawback), 0.0])
        due = np.zeros(self.shape)
        for number, step in enumerate(self.asked.contract.steps):
            years = np.minimum((month - self.bought_in[number]) // 12, len(factors) - 1)
            due += float(step.share) * self.discount[number] * factors[years]
        clawback = np.rint(due * self.luck.value).astype(np.int64) * resells
        proceeds = np.rint(self.luck.value).astype(np.int64) - self.loan
        self._add("tenant", proceeds * resells - clawback)
        self._add("treasury", clawback)
        self._go(resells, "resold", np.zeros(self.shape))

    def _refund(self, goes: Truths, name: str) -> None:
        """Refund share of the premiums and the deposit, less what is owed; never below nothing."""
        of_premiums = self.refunds[self.credited] * goes
        back = np.maximum(0, of_premiums + self.asked.contract.deposit_fen - self.arrears) * goes
        self._add("tenant", back)
        self._add("landlord", -back)
        self._add("refund", of_premiums)
        self._go(goes, name, goes.astype(np.float64))

    def _go(self, goes: Truths, name: str, share_to_landlord: Floats) -> None:
        self.account.counts[name] += goes.sum(axis=0)
        self._add("reversion", np.rint(share_to_landlord * self.luck.value).astype(np.int64) * goes)
        self.there = self.there & ~goes
        for owed in (self.arrears, self.overdue, self.loan, self.instalment):
            owed[goes] = 0

    def _price(self, month: int) -> Whole:
        """(cohorts, 1): the price of the whole."""
        rule = self.asked.price
        if isinstance(rule, MarketPrice):
            return np.rint(float(rule.market_share) * self.luck.value).astype(np.int64)
        return np.full((self.shape[0], 1), prices.price_fen(self.asked, month), dtype=np.int64)

    def _buy(self, month: int, number: int) -> None:
        """Those at this step who are sound, in work and can borrow the rest buy where the price is at most the value."""
        agreed, loans = self.asked.contract, self.asked.mortgage
        price = self._price(month)
        tranche = np.rint(price * float(agreed.steps[number].share)).astype(np.int64)
        at = self.there & (self.step == number)
        credit: Any = 0
        deposit = 0
        if number == 0:
            cap = np.floor(tranche * float(agreed.credit_cap)).astype(np.int64)
            credit = np.minimum(self.credited * prices.monthly_credit_fen(self.asked), cap)
            deposit = agreed.deposit_fen
        rest = np.maximum(0, tranche - credit - deposit)
        returned = np.minimum(deposit, np.maximum(0, credit + deposit - tranche))
        savings = np.minimum(self.savings, rest)
        loan = rest - savings
        bearable = self.luck.income * (float(loans.income_share) * self.annuity) - self.loan
        room = np.minimum(tranche * float(loans.loan_share), bearable)
        can = (
            at
            & self.luck.has_job
            & (self.arrears == 0)
            & (self.overdue == 0)
            & ((loan == 0) | (loan <= room))
        )
        if number == 0:
            self.afforded |= can
        buys = can & (price <= self.luck.value)
        self.savings -= savings * buys
        self.loan += loan * buys
        new = np.ceil(self.loan / self.annuity).astype(np.int64)
        self.instalment = np.where(buys, new, self.instalment)
        self.cost += tranche * buys
        self.bought_in[number][buys] = month
        ratio = np.maximum(0.0, 1.0 - price / np.maximum(self.luck.value, 1.0))
        self.discount[number] = np.where(buys, ratio, self.discount[number])
        self.step += buys
        if number == 0:
            self.account.counts["bought"] += buys.sum(axis=0)
        cash = (rest - returned) * buys
        to_treasury = np.rint(cash * float(self.asked.payers.price_to_treasury)).astype(np.int64)
        self._add("tenant", (returned - savings) * buys)
        self._add("landlord", cash - to_treasury)
        self._add("treasury", to_treasury)

    def closed(self) -> Account:
        """The sums, with what the landlord still holds at the end."""
        held = np.rint(self.kept[self.step] * self.luck.value).astype(np.int64) * self.there
        self._begin()
        self._add("reversion", held)
        self._book(self.asked.run.months)
        self.account.counts["afforded"] = self.afforded.sum(axis=0)
        self.account.counts["decile"] = self.luck.decile
        self.account.survival = self.there.mean(axis=1)
        return self.account
