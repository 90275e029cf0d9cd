"""What an ``[[allocation]]`` may declare beside its mechanism: groups, priority at pools, reserves, quotas.

They hold in the public sub-round. Groups are told apart by public attributes alone; how they are resolved into the
pools and households of one month: ``rounds/declared.py``; what is published of them: ``docs/reference/bundle.md``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Literal

from pydantic import Field

from allocator.model.enums import Branch, DwellingType, HouseholdRegistration, SupplyMode
from allocator.policy.sourced import Sourced, Strict

# Mechanisms that state chances and draw one assignment from them.
LOTTERIES: Final = ("probabilistic_serial", "leximin_lottery")
# Keys a group might be given by mistake: health and hardship never tell households apart in public.
PRIVATE: Final = frozenset(
    {
        "flags",
        "statuses",
        "benefit_status",
        "needs_accessible",
        "income",
        "assets",
        "is_in_need",
        "sex",
        "age",
    }
)


class HouseholdGroup(Sourced):
    """人群: the households that fit every condition given, each condition by any of its values.

    ``of_pool``: the household's own employer (district) is the employer (district) of the pool's project; such a group
    is another one at every employer (district). ``when_small``: with fewer than ten in a cell of the bundle the group's
    members count among all the others that month (``merge``), or the roster is not published (``refuse``).
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description_zh: str = Field(min_length=1)
    description_en: str = Field(min_length=1)
    branches: tuple[Branch, ...] = ()
    registrations: tuple[HouseholdRegistration, ...] = ()
    districts: tuple[str, ...] = ()
    employers: tuple[str, ...] = ()
    priority_groups: tuple[str, ...] = ()
    of_pool: Literal["employer", "district"] | None = None
    when_small: Literal["merge", "refuse"]


class PoolsNamed(Strict):
    """The pools that fit every condition given, each by any of its values; without conditions all pools.

    ``employers``: who operates the project; ``districts``: where it stands.
    """

    modes: tuple[SupplyMode, ...] = ()
    projects: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    employers: tuple[str, ...] = ()
    types: tuple[DwellingType, ...] = ()


class PriorityRule(Sourced):
    """Who stands before whom at these pools: tiers of groups, best first; inside a tier the published order.

    ``others``: who is in none of them comes last (true) or is not admitted (false). A pool takes the first rule
    that names it.
    """

    id: str = Field(min_length=1)
    pools: PoolsNamed = PoolsNamed()
    tiers: tuple[tuple[str, ...], ...] = Field(min_length=1)
    others: bool


class Amount(Strict):
    """So many places, or an exact share of the capacity ("1/5") rounded ``down`` or ``up`` to whole places."""

    places: int | None = Field(default=None, ge=0)
    share: str | None = Field(default=None, pattern=r"^[1-9]\d{0,8}/[1-9]\d{0,8}$")
    rounding: Literal["down", "up"] | None = None

    def of(self, capacity: int) -> int:
        """Whole places out of so many; never more than there are."""
        if self.share is None:
            return min(self.places or 0, capacity)
        exact = Fraction(self.share) * capacity
        return int(exact) if self.rounding == "down" else -int(-exact // 1)


class ReserveRule(Sourced):
    """预留: in each of these pools so many places for a group; ``release``: what it leaves, others may take."""

    id: str = Field(min_length=1)
    pools: PoolsNamed = PoolsNamed()
    group: str
    amount: Amount
    release: bool


class QuotaRule(Sourced):
    """名额: households of any of the groups (all households without) in these pools, each pool or all together.

    ``max`` and ``min`` are hard, ``min_soft`` is aimed at; a share is of the pool's capacity, or of all together.
    """

    id: str = Field(min_length=1)
    pools: PoolsNamed = PoolsNamed()
    groups: tuple[str, ...] = ()
    over: Literal["each", "together"]
    max: Amount | None = None
    min: Amount | None = None
    min_soft: Amount | None = None


class TransferRules(Sourced):
    """调房: tenants who ask to move. ``integrated``: they stand in the public sub-round among all others.

    ``sub_round``: they exchange homes by trading cycles in a sub-round of their own, before the public one;
    ``vacancies``: there they may also take empty dwellings, before anybody else does.
    """

    form: Literal["integrated", "sub_round"]
    vacancies: bool = False
