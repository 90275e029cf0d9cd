"""The protocol of a mechanism, the list of them, and the one door: ``solve``.

A mechanism declares what it honours and which laws it claims; what it cannot serve it refuses before
anything is solved, with the cure (contract, sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from allocator.errors import Refused, WrongUsage
from allocator.mechanisms.band_optimum import band_optimum
from allocator.mechanisms.deferred_acceptance import deferred_acceptance
from allocator.mechanisms.leximin_lottery import leximin_lottery
from allocator.mechanisms.probabilistic_serial import probabilistic_serial
from allocator.mechanisms.rooms import solve_with_rooms
from allocator.mechanisms.serial import serial
from allocator.mechanisms.top_trading_cycles import top_trading_cycles
from allocator.model.instance import EXTENSION_FIELDS, Instance, Solution


@dataclass(frozen=True)
class Mechanism:
    """A mechanism by its name of contract section 5.

    ``honours``: the ``EXTENSION_FIELDS`` it serves today. ``options``: the options of ``solve`` it takes.
    ``laws``: the laws it claims, by the names under which ``audit`` checks them.
    """

    name: str
    run: Callable[..., Solution]
    options: frozenset[str]
    laws: tuple[str, ...]
    honours: frozenset[str] = frozenset()

    def check_options(self, **wishes: object) -> None:
        """Raise ``WrongUsage`` for an option that is set (neither ``None`` nor ``False``) and not its own."""
        for name, wish in sorted(wishes.items()):
            if wish is not None and wish is not False and name not in self.options:
                option = "--" + name.replace("_", "-")
                raise WrongUsage("mechanism_option_unknown", mechanism=self.name, option=option)

    def refuse_unserved(self, instance: Instance) -> None:
        """Raise ``Refused`` for the first field present that this mechanism does not honour."""
        for name in EXTENSION_FIELDS:
            if name in instance.extensions and name not in self.honours:
                raise Refused("mechanism_field_refused", mechanism=self.name, field=name)


HOUSED: Final = ("count", "order")
_COMMON_LAWS: Final = ("individually_rational", "capacity", "non_wasteful")
_SERIAL: Final = Mechanism(
    "serial", serial, frozenset(), (*_COMMON_LAWS, "serial_choice"), frozenset({"reserves", "max", "rooms"})
)
_BAND_OPTIMUM: Final = Mechanism(
    "band_optimum",
    band_optimum,
    frozenset({"housing_first", "housed"}),
    (*_COMMON_LAWS, "tenants_kept", "maxima", "minima", "housing", "rank_optimality", "tie_rule"),
    frozenset({"current", "reserves", "max", "min", "min_soft", "rooms"}),
)
_DEFERRED_ACCEPTANCE: Final = Mechanism(
    "deferred_acceptance",
    deferred_acceptance,
    frozenset(),
    ("individually_rational", "capacity", "tenants_kept", "maxima", "stable", "household_optimal"),
    frozenset({"priority", "current", "reserves", "max", "rooms"}),
)
_TOP_TRADING_CYCLES: Final = Mechanism(
    "top_trading_cycles",
    top_trading_cycles,
    frozenset(),
    ("individually_rational", "capacity", "tenants_kept", "cycles"),
    frozenset({"priority", "current"}),
)
_PROBABILISTIC_SERIAL: Final = Mechanism(
    "probabilistic_serial",
    probabilistic_serial,
    frozenset({"seed"}),
    ("chances", "eating", "drawn"),
    frozenset({"max"}),
)
_LEXIMIN_LOTTERY: Final = Mechanism(
    "leximin_lottery",
    leximin_lottery,
    frozenset({"seed"}),
    ("chances", "quotas", "equal_treatment", "leximin", "tie_rule", "drawn"),
    frozenset({"max", "min"}),
)
_BUILT: Final = {
    mechanism.name: mechanism
    for mechanism in (
        _SERIAL,
        _BAND_OPTIMUM,
        _DEFERRED_ACCEPTANCE,
        _TOP_TRADING_CYCLES,
        _PROBABILISTIC_SERIAL,
        _LEXIMIN_LOTTERY,
    )
}

NAMES: Final = tuple(_BUILT)


def mechanism_named(name: str) -> Mechanism:
    """The mechanism of that name. Raises ``WrongUsage`` for no such name."""
    if name in _BUILT:
        return _BUILT[name]
    raise WrongUsage("mechanism_unknown", mechanism=name, names=", ".join(NAMES))


def solve(
    instance: Instance,
    mechanism: str,
    *,
    housing_first: bool = False,
    housed: str | None = None,
    seed: str | None = None,
) -> Solution:
    """Run a mechanism on an instance. ``seed``: of lottery mechanisms, to draw one assignment.

    Raises ``WrongUsage`` for an unknown name or an option the mechanism does not have, and ``Refused`` for a
    field of the instance that it does not honour; nothing is solved then.
    """
    chosen = mechanism_named(mechanism)
    chosen.check_options(housing_first=housing_first, housed=housed, seed=seed)
    if housed not in {None, *HOUSED}:
        raise WrongUsage("mechanism_housed_unknown", value=housed)
    chosen.refuse_unserved(instance)
    wishes: dict[str, object] = {"housing_first": housing_first, "housed": housed, "seed": seed}
    chosen_wishes = {name: wishes[name] for name in chosen.options}
    if "rooms" in instance.extensions:
        return solve_with_rooms(instance, mechanism, lambda settled: chosen.run(settled, **chosen_wishes))
    return chosen.run(instance, **chosen_wishes)
