"""Rent, relief and subsidy of the simulated tenants, and their yearly review: the real functions, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from allocator import screening
from allocator.model.enums import Verdict
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.tenancies.circumstances import circumstances
from allocator.tenancies.rents import product_over
from scenarios.city import City, State, in_number_order
from scenarios.snapshot import MODES, STATUSES, Bools, Ints, facts_of
from scenarios.subsidy_rule import columns_of, laid_out, subsidies_fen

_PER_MILLE: Final = 1000
_MONTHS: Final = 12


@dataclass(frozen=True, eq=False)
class Terms:
    """What a household in a home owes and gets in a month: ``(n,) int64`` fen each."""

    rent_fen: Ints
    relief_fen: Ints
    subsidy_fen: Ints

    @property
    def paid_fen(self) -> Ints:
        """What is left to pay."""
        return self.rent_fen - self.relief_fen - self.subsidy_fen

    def of(self, some: Bools) -> Terms:
        """Of some of them."""
        return Terms(self.rent_fen[some], self.relief_fen[some], self.subsidy_fen[some])


def terms_of(
    city: City, rows: Ints, homes: Ints, law: Policy, on: date, month: int, facts: Facts | None = None
) -> Terms:
    """The terms of these households (rising in number) in these homes, by the law of that day.

    ``facts``: theirs of that day, where they are made already.
    """
    rent = city.homes.rent_fen[city.template[homes]]
    relief = _relief(city, rows, rent, month)
    subsidy = np.minimum(_subsidies(city, rows, homes, law, on, facts), rent - relief)
    return Terms(rent, relief, subsidy)


def set_terms(city: City, rows: Ints, terms: Terms) -> None:
    """From this month on these tenants live under these terms."""
    city.rent_fen[rows], city.relief_fen[rows] = terms.rent_fen, terms.relief_fen
    city.subsidy_fen[rows] = terms.subsidy_fen
    income = city.income_fen[rows]
    # Rent of a year against three tenths of its income, in whole fen.
    city.is_over_30[rows] = (income >= 0) & (10 * _MONTHS * terms.paid_fen > 3 * income)


def set_money(city: City, rows: Ints, law: Policy, on: date, month: int, facts: Facts | None = None) -> None:
    """The terms of sitting tenants anew; ``rows`` rise in number; ``facts`` as ``terms_of``."""
    if len(rows):
        set_terms(city, rows, terms_of(city, rows, city.home[rows], law, on, month, facts))


def _subsidies(city: City, rows: Ints, homes: Ints, law: Policy, on: date, facts: Facts | None) -> Ints:
    rules = law.tenancy.subsidy
    if rules is None or not len(rows):
        return np.zeros(len(rows), dtype=np.int64)
    template = city.template[homes]
    known = facts_of(city.snapshot, city.who(rows), on) if facts is None else facts
    frame = circumstances(known, city.receipt[rows], rules, on)
    frame = frame.assign(
        area_cm2=city.homes.area_cm2[template],
        rent_per_m2_fen=city.homes.rate_fen[template],
        is_bed=city.homes.is_bed[template],
        is_payable=pays_subsidy(law)[city.homes.mode[template]],
    )
    return subsidies_fen(columns_of(frame), laid_out(rules))


def pays_subsidy(law: Policy) -> Bools:
    """Per mode (in the order of ``MODES``) whether anybody pays a subsidy there."""
    payers = {str(mode): rule.subsidy_paid_by for mode, rule in law.supply.modes.items()}
    return np.array([payers.get(mode, "none") != "none" for mode in MODES])


def _relief(city: City, rows: Ints, rent: Ints, month: int) -> Ints:
    """Rent not asked: of several reliefs that fit, the greatest."""
    best = np.zeros(len(rows), dtype=np.int64)
    for rule in city.scenario.relief:
        if month - city.scenario.run.warm_up_months < rule.from_month:
            continue
        fits = np.zeros(len(rows), dtype=bool)
        if rule.income_up_to_fen is None and not rule.statuses:
            fits[:] = True
        if rule.income_up_to_fen is not None:
            fits |= _income_up_to(city, rows, rule.income_up_to_fen)
        if rule.statuses:
            wanted = [STATUSES.index(str(status)) for status in rule.statuses]
            fits |= np.isin(city.snapshot.status[city.profile[rows]], wanted)
        share = np.full(len(rows), rule.per_mille, dtype=np.int64)
        best = np.maximum(best, np.where(fits, product_over((rent, share), _PER_MILLE), 0))
    return best


def _income_up_to(city: City, rows: Ints, bound_fen: int) -> Bools:
    """Income per head and month at or under the bound; an unknown one never is."""
    income = city.income_fen[rows]
    heads = city.snapshot.num_persons[city.profile[rows]]
    return np.asarray((income >= 0) & (income <= bound_fen * heads * _MONTHS))


def due_for_review(city: City, month: int) -> Ints:
    """Tenants whose lease began in this month of an earlier year, by number."""
    rows = city.rows_in(State.TENANT)
    since = city.since[rows]
    return in_number_order(city, rows[(month > since) & ((month - since) % _MONTHS == 0)])


def review(city: City, rows: Ints, facts: Facts, law: Policy, on: date, month: int) -> Ints:
    """资格复核 by the real screening of their facts; who fails leaves after the time to vacate. Gives who fails."""
    verdicts = screening.screen(facts, law, on).verdicts["verdict"]
    failed = np.asarray(rows[(verdicts == Verdict.INELIGIBLE).to_numpy(dtype=bool)])
    failed = failed[city.leaves_in[failed] < 0]
    city.leaves_in[failed] = month + city.scenario.behaviour.vacate_months
    return np.asarray(failed)


def live_a_month(city: City) -> None:
    """One month of rent, relief and subsidy is paid; what being a tenant is worth is added up, in fen."""
    rows = city.rows_in(State.TENANT)
    rent, relief, subsidy = city.rent_fen[rows], city.relief_fen[rows], city.subsidy_fen[rows]
    market = rent * city.scenario.money.market_rent_per_mille // _PER_MILLE
    city.benefit_fen[rows] += subsidy + relief + market - rent
    city.paid_fen[rows] += rent - relief - subsidy
    city.tenant_months[rows] += 1
