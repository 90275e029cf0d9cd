"""A public unit, a voucher, rent relief: the same benefit in three forms, what each costs and who gains (equal benefit).

The yardstick is 浙江省社会救助条例 Art. 30: money instead of a unit is converted so that its benefit equals the unit's.
Amounts are whole fen of a month; uncertain parameters are drawn in millionths, each a function of seed and number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Final

import numpy as np
import pandas as pd

from scenarios.chance import Keys, keys_of
from scenarios.ownership_prices import annuity, half_up
from scenarios.subsidy_chains import Bools, Ints
from scenarios.subsidy_lab_files import NUM_DECILES, Forms, Unit
from scenarios.subsidy_people import MILLION, People, Purpose, millionths

FORMS: Final = ("unit", "voucher", "relief")
EVERYBODY: Final = 0  # the row of all deciles together
_LOW, _HIGH = Fraction(1, 20), Fraction(19, 20)
Drawn = dict[str, Ints]


@dataclass(frozen=True, eq=False)
class Amounts:
    """``(n,)`` int64 fen a month. ``worth``: market rent of the unit offered; ``rent``: what is paid for it.

    ``cost``: what the unit costs its builder; ``benefit``: of the unit as the law converts it; ``paid``: voucher, at most
    the market rent; ``relief``: likewise.
    """

    worth: Ints
    rent: Ints
    cost: Ints
    benefit: Ints
    paid: Ints
    relief: Ints


def monthly_cost_fen(unit: Unit, capital_fen: int) -> int:
    """Capital less what stands at the end, borne in equal months, and running cost (half up)."""
    v = 1 / (1 + unit.monthly_rate)
    borne = capital_fen * (1 - unit.residual_share * v**unit.months)
    return half_up(borne / annuity(unit.monthly_rate, unit.months)) + unit.running_fen


def amounts_of(people: People, forms: Forms) -> Amounts:
    """What everybody is offered, before any chance."""
    unit = forms.unit
    worth, rent = (_by_persons(people, row) for row in (unit.worth_fen, unit.rent_fen))
    cost = _by_persons(people, [monthly_cost_fen(unit, capital) for capital in unit.capital_fen])
    share = unit.rent_income_share
    rent = np.minimum(rent, people.income_fen * share.numerator // share.denominator)
    likely = _millionths_of(unit.valued[1])
    own = np.maximum(0, (worth * likely + MILLION // 2) // MILLION - rent)
    benefit = _alike(own, people, forms.alike)
    paid = np.minimum(_grossed(benefit, _millionths_of(forms.assumed_pass_through)), people.rent_fen)
    return Amounts(worth, rent, cost, benefit, paid, np.minimum(benefit, people.rent_fen))


def _grossed(benefit: Ints, rise: int) -> Ints:
    """The least voucher of which as much is left when so many millionths of it end in rent."""
    paid = np.maximum(0, benefit - 1) * MILLION // (MILLION - rise)  # of which too little is left
    while (short := _left_of(paid, rise) < benefit).any():
        paid += short
    return paid


def _left_of(paid: Ints, rise: int) -> Ints:
    return np.asarray(paid - (paid * rise + MILLION // 2) // MILLION)


def _by_persons(people: People, row: Sequence[int]) -> Ints:
    return np.array(row, np.int64)[np.minimum(people.persons, len(row)) - 1]


def _alike(own: Ints, people: People, alike: str) -> Ints:
    """The mean of those who are paid alike, half up."""
    if alike == "household":
        return own
    group = people.persons if alike == "persons" else np.zeros(len(own), np.int64)
    _, place, nums = np.unique(group, return_inverse=True, return_counts=True)
    sums = np.zeros(len(nums), np.int64)
    np.add.at(sums, place, own)
    return np.asarray((2 * sums + nums) // (2 * nums))[place]


def _millionths_of(share: Fraction) -> int:
    return half_up(share * MILLION)


def drawn(forms: Forms) -> Drawn:
    """``(draws,)`` int64 millionths of every uncertain parameter: triangular between its ends."""
    keys = keys_of(forms.seed, 1, np.arange(forms.draws))
    asked = {
        "unit.take_up": (forms.unit.take_up, Purpose.UNIT_TAKE_UP),
        "unit.valued": (forms.unit.valued, Purpose.VALUED),
        "voucher.take_up": (forms.voucher.take_up, Purpose.VOUCHER_TAKE_UP),
        "voucher.pass_through": (forms.voucher.pass_through, Purpose.PASS_THROUGH),
        "relief.take_up": (forms.relief.take_up, Purpose.RELIEF_TAKE_UP),
    }
    return {name: _triangular(three, keys, purpose) for name, (three, purpose) in asked.items()}


def _triangular(three: tuple[Fraction, Fraction, Fraction], keys: Keys, purpose: Purpose) -> Ints:
    least, likely, most = (float(one) for one in three)
    if least == most:
        return np.full(len(keys), _millionths_of(three[1]), np.int64)
    share = (millionths(keys, 0, purpose) + 0.5) / MILLION
    middle = (likely - least) / (most - least)
    rising = least + np.sqrt(share * (most - least) * (likely - least))
    falling = most - np.sqrt((1 - share) * (most - least) * (most - likely))
    return np.asarray(np.rint(np.where(share < middle, rising, falling) * MILLION).astype(np.int64))


@dataclass(frozen=True, eq=False)
class Lot:
    """One draw. By form: ``takes`` (n,), ``gain`` and ``cost`` (n,) fen a month, nothing for who does not take it."""

    takes: dict[str, Bools]
    gain: dict[str, Ints]
    cost: dict[str, Ints]


def lot(number: int, people_keys: Keys, amounts: Amounts, forms: Forms, parameters: Drawn) -> Lot:
    """The draw of that number. A household's own luck is the same for all forms."""
    luck = millionths(people_keys, number, Purpose.TAKES)
    valued, rise = int(parameters["unit.valued"][number]), int(parameters["voucher.pass_through"][number])
    wanted = np.maximum(0, (amounts.worth * valued + MILLION // 2) // MILLION - amounts.rent)
    share = forms.relief.compensation
    made_good = (2 * amounts.relief * share.numerator + share.denominator) // (2 * share.denominator)
    offers = {
        "unit": (wanted, amounts.cost - amounts.rent),
        "voucher": (_left_of(amounts.paid, rise), amounts.paid + forms.voucher.admin_fen),
        "relief": (amounts.relief, made_good + forms.relief.admin_fen),
    }
    takes = {form: luck < int(parameters[f"{form}.take_up"][number]) for form in FORMS}
    # Who is worth nothing to is not taken; a unit worth no more than its rent stands empty of this household.
    takes = {form: takes[form] & (offers[form][0] > 0) for form in FORMS}
    return Lot(
        takes,
        {form: offers[form][0] * takes[form] for form in FORMS},
        {form: offers[form][1] * takes[form] for form in FORMS},
    )


def household_keys(people: People, forms: Forms) -> Keys:
    """A key for each household."""
    return keys_of(forms.seed, 0, np.arange(len(people)))


def simulated(people: People, forms: Forms, amounts: Amounts) -> pd.DataFrame:
    """One row per draw, decile (0: everybody) and form, sums over households.

    ``takers``, ``gain_fen``, ``cost_fen``, and how many gain ``more`` or ``less`` than they would by a unit.
    """
    keys, parameters = household_keys(people, forms), drawn(forms)
    frames = []
    for number in range(forms.draws):
        one = lot(number, keys, amounts, forms, parameters)
        for form in FORMS:
            columns: dict[str, Any] = {
                "takers": one.takes[form],
                "gain_fen": one.gain[form],
                "cost_fen": one.cost[form],
                "more": one.gain[form] > one.gain["unit"],
                "less": one.gain[form] < one.gain["unit"],
            }
            frames.append(_by_decile(columns, people.decile).assign(draw=number, form=form))
    return pd.concat(frames, ignore_index=True)


def _by_decile(columns: dict[str, Any], decile: Ints) -> pd.DataFrame:
    found = {}
    for name, values in columns.items():
        sums = np.zeros(NUM_DECILES + 1, np.int64)
        np.add.at(sums, decile + 1, values.astype(np.int64))
        sums[EVERYBODY] = sums.sum()
        found[name] = sums
    return pd.DataFrame({"decile": np.arange(NUM_DECILES + 1), **found})


def spread_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Over the draws, per decile and form and measure: ``mean``, ``low`` (5 %), ``high`` (95 %), whole numbers.

    A quantile is the least figure that so many of the draws do not exceed.
    """
    measures = ["takers", "gain_fen", "cost_fen", "more", "less"]
    num = rows["draw"].nunique()
    found = []
    for (decile, form), group in rows.groupby(["decile", "form"], sort=True):
        for measure in measures:
            values = np.sort(group[measure].to_numpy(dtype=np.int64))
            found.append(
                {
                    "decile": decile,
                    "form": form,
                    "measure": measure,
                    "mean": int((2 * int(values.sum()) + num) // (2 * num)),
                    "low": int(values[ceil(_LOW * num) - 1]),
                    "high": int(values[ceil(_HIGH * num) - 1]),
                }
            )
    frame = pd.DataFrame(found)
    return (
        frame.assign(place=frame["form"].map({form: at for at, form in enumerate(FORMS)}))
        .sort_values(["decile", "place"], kind="stable")
        .drop(columns="place")
        .reset_index(drop=True)
    )


def break_even_pass_through(amounts: Amounts, forms: Forms) -> Fraction | None:
    """The pass-through at which vouchers of equal benefit cost what units do; ``None``: they cost more without any.

    Caps at the market rent and take-up are left aside: benefit ÷ (1 - f) + administration = cost - rent.
    """
    benefit = int(amounts.benefit.sum())
    spent = int((amounts.cost - amounts.rent).sum()) - forms.voucher.admin_fen * len(amounts.cost)
    if spent < benefit or benefit == 0:
        return None
    return 1 - Fraction(benefit, spent)
