"""The laws of mechanisms that serve priorities, tenants, reserves, maxima or chances (``certify``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from allocator.audit.choosing import judge_choosing
from allocator.audit.claims import above_maximum, claims_of, slighted_tenants, unclaimed
from allocator.audit.judgement import Judgement
from allocator.audit.stability import judge_stable
from allocator.audit.trading import judge_trading
from allocator.model.instance import Instance, Ints

Judge = Callable[[Instance, Ints, Mapping[str, Any]], Judgement]
Law = tuple[str, list[Mapping[str, object]]]

HONOURED: Final = {
    "serial": frozenset({"reserves", "max"}),
    "deferred_acceptance": frozenset({"priority", "current", "reserves", "max"}),
    "top_trading_cycles": frozenset({"priority", "current"}),
}
OWN_LAWS: Final = {
    "serial": ("serial_choice", "stable", "household_optimal"),
    "deferred_acceptance": ("stable", "household_optimal"),
    "top_trading_cycles": ("cycles",),
}
_JUDGES: Final[dict[str, Judge]] = {
    "serial": lambda instance, assigned, _: judge_choosing(instance, assigned),
    "deferred_acceptance": lambda instance, assigned, _: judge_stable(
        instance, assigned, "deferred_acceptance"
    ),
    "top_trading_cycles": lambda instance, assigned, _: judge_trading(instance, assigned),
}


def is_fielded(instance: Instance, mechanism: object) -> bool:
    """Whether the laws of this mechanism on this instance stand here."""
    if mechanism == "serial":
        return bool(instance.extensions)
    return isinstance(mechanism, str) and mechanism in _JUDGES


def rights_laws(instance: Instance, assigned: Ints, mechanism: str) -> Iterator[Law]:
    """What everybody is owed whatever the mechanism: claims, tenants, maxima, no field passed over."""
    claims = claims_of(instance)
    yield "individually_rational", list(unclaimed(instance, claims, assigned))
    yield "tenants_kept", list(slighted_tenants(instance, claims, assigned))
    yield "maxima", list(above_maximum(instance, assigned))
    unserved = sorted(set(instance.extensions) - HONOURED[mechanism])
    yield "fields_honoured", [{"field": name} for name in unserved]


def judge_fielded(
    instance: Instance, assigned: Ints, mechanism: str, solution: Mapping[str, Any]
) -> Judgement:
    """The mechanism's own judgement; everybody holds a claim of its own by now."""
    return _JUDGES[mechanism](instance, assigned, solution)
