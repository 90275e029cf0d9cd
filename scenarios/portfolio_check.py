"""The judge of a supply plan: every figure from the starts and the file alone, in whole numbers, start by start.

It shares no code with what made the plan. A lower bound is proved by weak duality: whatever the prices, no plan lacks less
than what they add up to (docs/reference/supply-portfolio.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, NamedTuple

from allocator.model.enums import SupplyMode
from scenarios.portfolio_files import Mode, Portfolio

SCALE: Final = 2**50  # of a price in whole numbers
FLOWS: Final = (
    "capital_fen",
    "partner_fen",
    "grant_fen",
    "borrowed_fen",
    "service_fen",
    "interest_subsidy_fen",
    "running_fen",
    "rent_fen",
    "treasury_fen",
    "debt_fen",
)


class Started(NamedTuple):
    """So many starts of a mode (or leases of it gone on with) at a site in a period."""

    mode: SupplyMode
    is_renewal: bool
    site: str
    period: int
    starts: int


@dataclass(frozen=True)
class Ledger:
    """``flows``: by name a whole number per period (debt: at its end); ``standing``: homes by site and period."""

    flows: dict[str, list[int]]
    standing: dict[str, list[int]]


@dataclass(frozen=True)
class Prices:
    """Multipliers of the limits in parts of ``SCALE``: by period, by site, by (site, period) and so on. Absent: nothing.

    ``met``: (case, site, period), of one home wanted; ``tail``: part of the tail on each course of demand.
    """

    budget: Mapping[int, int] = field(default_factory=dict)
    service: Mapping[int, int] = field(default_factory=dict)
    grant: Mapping[int, int] = field(default_factory=dict)
    land: Mapping[str, int] = field(default_factory=dict)
    site: Mapping[tuple[str, int], int] = field(default_factory=dict)
    renewals: Mapping[tuple[SupplyMode, str, int], int] = field(default_factory=dict)
    met: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    tail: Mapping[str, int] = field(default_factory=dict)


def _rounded(amount: Fraction) -> int:
    """Half up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def _instalment(loan: int, rate: Fraction, periods: int) -> int:
    """The smallest whole instalment whose present value is the loan."""
    worth_of_one = sum(1 / (1 + rate) ** number for number in range(1, periods + 1))
    return -(-Fraction(loan) // worth_of_one)


def _flows(mode: Mode, is_renewal: bool, start: int, periods: int) -> dict[str, list[int]]:
    """What one start pays and is paid, period by period."""
    found = {name: [0] * periods for name in FLOWS}
    capital = (mode.renewal_fen or 0) if is_renewal else mode.capital_fen.row(periods)[start]
    shares = (Fraction(0),) * 3 if is_renewal else (mode.partner_share, mode.grant_share, mode.loan_share)
    partner, grant, loan = (_rounded(capital * share) for share in shares)
    lead = 0 if is_renewal else mode.lead
    last = start + lead + mode.lease if mode.lease else periods
    instalment = _instalment(loan, mode.loan_rate, mode.loan_periods) if loan else 0
    owed = loan
    for period in range(start, periods):
        age, now = period - start, dict.fromkeys(FLOWS, 0)
        if not age:
            now |= {"capital_fen": capital, "partner_fen": partner, "grant_fen": grant, "borrowed_fen": loan}
        elif owed:
            interest = _rounded(owed * mode.loan_rate)
            is_last = age == mode.loan_periods
            now["service_fen"] = owed + interest if is_last else min(instalment, owed + interest)
            now["interest_subsidy_fen"] = _rounded(interest * mode.interest_subsidy_share)
            owed += interest - now["service_fen"]
        if start + lead <= period < last:
            now["running_fen"] = mode.dwellings * mode.running_fen
            now["rent_fen"] = mode.dwellings * mode.rent_fen
        paid = now["capital_fen"] + now["service_fen"] + now["running_fen"]
        given = sum(
            now[name]
            for name in ("partner_fen", "grant_fen", "borrowed_fen", "interest_subsidy_fen", "rent_fen")
        )
        now["treasury_fen"], now["debt_fen"] = paid - given, owed
        for name, amount in now.items():
            found[name][period] = amount
    return found


def _standing(mode: Mode, is_renewal: bool, start: int, periods: int) -> range:
    first = start if is_renewal else start + mode.lead
    return range(first, min(periods, first + mode.lease) if mode.lease else periods)


def ledger(asked: Portfolio, started: Sequence[Started]) -> Ledger:
    """Money and homes of the whole plan."""
    periods = asked.run.periods
    modes = {mode.mode: mode for mode in asked.modes}
    flows = {name: [0] * periods for name in FLOWS}
    standing = {site.name: [0] * periods for site in asked.sites}
    together: dict[tuple[SupplyMode, bool, int], int] = {}
    for one in started:
        key = one.mode, one.is_renewal, one.period
        together[key] = together.get(key, 0) + one.starts
        for period in _standing(modes[one.mode], one.is_renewal, one.period, periods):
            standing[one.site][period] += one.starts * modes[one.mode].dwellings
    for (mode, is_renewal, start), starts in together.items():
        for name, row in _flows(modes[mode], is_renewal, start, periods).items():
            total = flows[name]
            for period in range(start, periods):
                total[period] += starts * row[period]
    return Ledger(flows, standing)


def breaches(asked: Portfolio, started: Sequence[Started], told: Ledger) -> list[tuple[str, str, int]]:
    """Every limit that does not hold: its name, site or mode ("" for none), period (-1: over all of them)."""
    periods, limits = asked.run.periods, asked.limits
    found: list[tuple[str, str, int]] = []
    left = 0
    for period, budget in enumerate(limits.budget_fen.row(periods)):
        left = budget - told.flows["treasury_fen"][period] + (left if limits.budget_carries else 0)
        if left < 0:
            found.append(("budget_fen", "", period))
    for name, limit in (("service_fen", limits.service_fen), ("grant_fen", limits.grant_fen)):
        if limit is not None:
            most = limit.row(periods)
            found += [
                (name, "", period) for period in range(periods) if told.flows[name][period] > most[period]
            ]
    modes = {mode.mode: mode for mode in asked.modes}
    for site in asked.sites:
        used = sum(
            one.starts * modes[one.mode].land_m2
            for one in started
            if one.site == site.name and not one.is_renewal
        )
        if used > site.land_m2:
            found.append(("land_m2", site.name, -1))
        if site.dwellings_at_most is not None:
            row = told.standing[site.name]
            found += [
                ("dwellings_at_most", site.name, period)
                for period in range(periods)
                if row[period] > site.dwellings_at_most
            ]
    return found + _wrong_starts(asked, started)


def _wrong_starts(asked: Portfolio, started: Sequence[Started]) -> list[tuple[str, str, int]]:
    """Too many in a period, where the mode may not be, or a lease gone on with that did not end then."""
    periods, found = asked.run.periods, []
    open_at = {site.name: site.modes for site in asked.sites}
    for mode in asked.modes:
        begun: dict[int, int] = {}
        ends: dict[tuple[str, int], int] = {}
        renewed: dict[tuple[str, int], int] = {}
        for one in (one for one in started if one.mode == mode.mode):
            allowed = open_at[one.site]
            if one.starts < 0 or (allowed is not None and one.mode not in allowed):
                found.append(("modes", one.site, one.period))
            end = one.site, one.period + mode.lease + (0 if one.is_renewal else mode.lead)
            ends[end] = ends.get(end, 0) + one.starts
            if one.is_renewal:
                renewed[one.site, one.period] = renewed.get((one.site, one.period), 0) + one.starts
            else:
                begun[one.period] = begun.get(one.period, 0) + one.starts
        most = mode.starts_at_most.row(periods)
        found += [
            ("starts_at_most", mode.mode.value, period)
            for period, count in begun.items()
            if count > most[period]
        ]
        found += [
            ("renewal_fen", site, period)
            for (site, period), count in renewed.items()
            if mode.renewal_fen is None or count > ends.get((site, period), 0)
        ]
    return found


def lacking(asked: Portfolio, told: Ledger) -> dict[str, dict[str, list[int]]]:
    """Homes lacking by course of demand, site and period."""
    periods = asked.run.periods
    return {
        case.name: {
            site: [
                max(0, want - has) for want, has in zip(row.row(periods), told.standing[site], strict=True)
            ]
            for site, row in case.dwellings.items()
        }
        for case in asked.demand
    }


def weighted(short: dict[str, dict[str, list[int]]], worth: Mapping[str, int]) -> dict[str, int]:
    """Shortage of each course of demand: home-periods, each with the worth of its site."""
    return {
        case: sum(worth[site] * sum(row) for site, row in by_site.items()) for case, by_site in short.items()
    }


def mean(asked: Portfolio, figures: Mapping[str, int]) -> Fraction:
    """Over the courses of demand, each with its weight."""
    total = sum(case.weight for case in asked.demand)
    return Fraction(sum(case.weight * figures[case.name] for case in asked.demand), total)


def tail(asked: Portfolio, figures: Mapping[str, int]) -> Fraction:
    """CVaR: the mean of the worst ``risk.tail`` of the courses' weight."""
    left = whole = sum(case.weight for case in asked.demand) * asked.risk.tail
    found = Fraction(0)
    for figure, weight in sorted(((figures[case.name], case.weight) for case in asked.demand), reverse=True):
        taken = min(left, Fraction(weight))
        found, left = found + taken * figure, left - taken
    return found / whole


def aim(asked: Portfolio, figures: Mapping[str, int]) -> Fraction:
    """What the plan makes small: mean and tail of the weighted shortage, as ``[risk]`` weighs them."""
    risk = asked.risk.weight
    return (1 - risk) * mean(asked, figures) + risk * tail(asked, figures)


def public_cost(told: Ledger) -> int:
    """What treasury and the level above pay within the horizon, and what is owed at its end."""
    flows = told.flows
    paid = sum(sum(flows[name]) for name in ("treasury_fen", "grant_fen", "interest_subsidy_fen"))
    return paid + flows["debt_fen"][-1]


def proved(asked: Portfolio, worth: Mapping[str, int], prices: Prices) -> Fraction:
    """What every plan lacks at least, by these prices; prices out of their bounds are cut, so it holds for any."""
    periods = asked.run.periods
    total_weight = sum(case.weight for case in asked.demand)
    parts = _tail_parts(asked, prices)
    bound = 0
    met = {site.name: [0] * periods for site in asked.sites}
    for case in asked.demand:
        chance = Fraction(case.weight, total_weight)
        counts = (1 - asked.risk.weight) * chance * SCALE + asked.risk.weight * parts[case.name]
        for site, row in case.dwellings.items():
            most = int(counts * worth[site] // 1)
            for period, wanted in enumerate(row.row(periods)):
                price = min(most, max(0, prices.met.get((case.name, site, period), 0)))
                met[site][period] += price
                bound += price * wanted
    paid = _limits_at(asked, prices)
    bound -= sum(price * limit for price, limit in paid.values())
    return Fraction(bound + _best_starts(asked, prices, met, paid), SCALE)


def _tail_parts(asked: Portfolio, prices: Prices) -> dict[str, Fraction]:
    """Parts of ``SCALE`` on each course: none above its share of the tail, all together the whole."""
    total = sum(case.weight for case in asked.demand)
    most = {case.name: Fraction(case.weight, total) * SCALE / asked.risk.tail for case in asked.demand}
    found = {name: min(limit, Fraction(max(0, prices.tail.get(name, 0)))) for name, limit in most.items()}
    for name, limit in most.items():
        room = SCALE - sum(found.values())
        found[name] = max(Fraction(0), min(limit, found[name] + room))
    return found


def _limits_at(asked: Portfolio, prices: Prices) -> dict[tuple[Any, ...], tuple[int, int]]:
    """(price, limit) of every limit that has a price. A budget that carries is limited up to each period."""
    periods, limits, found = asked.run.periods, asked.limits, dict[tuple[Any, ...], tuple[int, int]]()
    after = 0
    for period in reversed(range(periods)):
        price = max(0, prices.budget.get(period, 0))
        after = max(after, price) if limits.budget_carries else price
        found["treasury_fen", period] = after, limits.budget_fen.row(periods)[period]
    for name, limit, by_period in (
        ("service_fen", limits.service_fen, prices.service),
        ("grant_fen", limits.grant_fen, prices.grant),
    ):
        if limit is not None:
            row = limit.row(periods)
            found |= {
                (name, period): (max(0, by_period.get(period, 0)), row[period]) for period in range(periods)
            }
    for site in asked.sites:
        found["land", site.name] = max(0, prices.land.get(site.name, 0)), site.land_m2
        if site.dwellings_at_most is not None:
            for period in range(periods):
                price = max(0, prices.site.get((site.name, period), 0))
                found["site", site.name, period] = price, site.dwellings_at_most
    return found


def _best_starts(
    asked: Portfolio,
    prices: Prices,
    met: dict[str, list[int]],
    paid: dict[tuple[Any, ...], tuple[int, int]],
) -> int:
    """The most that starts can take off, each by itself at these prices (0 or below)."""
    periods, found = asked.run.periods, 0
    for mode in asked.modes:
        most = mode.starts_at_most.row(periods)
        for is_renewal in (False, True) if mode.renewal_fen is not None else (False,):
            for start in range(mode.lead + mode.lease if is_renewal else 0, periods):
                flows = _flows(mode, is_renewal, start, periods)
                money = sum(
                    paid[name, period][0] * flows[name][period]
                    for name in ("treasury_fen", "service_fen", "grant_fen")
                    for period in range(start, periods)
                    if (name, period) in paid
                )
                least = min(
                    (
                        money
                        + _at_site(mode, is_renewal, start, site.name, prices, met[site.name], paid, periods)
                        for site in asked.sites
                        if site.modes is None or mode.mode in site.modes
                    ),
                    default=0,
                )
                found += min(0, least) * (sum(most) if is_renewal else most[start])
    return found


def _at_site(
    mode: Mode,
    is_renewal: bool,
    start: int,
    site: str,
    prices: Prices,
    met: list[int],
    paid: dict[tuple[Any, ...], tuple[int, int]],
    periods: int,
) -> int:
    """Of one start there: land and leases used up, less what its homes are worth."""
    found = 0 if is_renewal else mode.land_m2 * paid["land", site][0]
    for period in _standing(mode, is_renewal, start, periods):
        cap = paid.get(("site", site, period), (0, 0))[0]
        found += mode.dwellings * (cap - met[period])
    if mode.renewal_fen is not None:
        end = start + mode.lease + (0 if is_renewal else mode.lead)
        found -= max(0, prices.renewals.get((mode.mode, site, end), 0)) if end < periods else 0
        if is_renewal:
            found += max(0, prices.renewals.get((mode.mode, site, start), 0))
    return found
