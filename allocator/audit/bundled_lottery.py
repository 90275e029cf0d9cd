"""A lottery in a bundle: its chances (``chances.csv``), their certificate, and the drawing from the round's seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Final

import numpy as np

from allocator.audit.contents import Contents
from allocator.audit.leximin import leximin_certificate, leximin_laws
from allocator.audit.lotteries import lottery_certificate, lottery_laws
from allocator.audit.results import Fault
from allocator.model.instance import Instance

CHANCES: Final = "chances.csv"
_LAWS: Final = {
    "probabilistic_serial": (lottery_laws, lottery_certificate),
    "leximin_lottery": (leximin_laws, leximin_certificate),
}
LOTTERIES: Final = frozenset(_LAWS)
# Of the declared rules; a hard minimum is no rule of a round.
SERVED: Final = frozenset({"max"})


def check_presence(bundle: Contents) -> None:
    """Chances stand exactly where the mechanism is a lottery."""
    is_due = bundle.commitment["rules"]["mechanism"] in LOTTERIES
    if is_due != (CHANCES in bundle.files):
        raise Fault(CHANCES, "audit_missing_file" if is_due else "audit_unlisted_file")


def lottery_figures(bundle: Contents) -> Mapping[str, Any]:
    """The certificate that the published chances call for; ``Fault`` at the first law that is broken."""
    mechanism = bundle.commitment["rules"]["mechanism"]
    laws, certificate = _LAWS[mechanism]
    instance = bundle.instance()
    if instance.num_bands > 1:
        raise Fault("roster.csv", "audit_lottery_bands", bands=instance.num_bands)
    for field in sorted(set(instance.extensions) - SERVED):
        raise Fault("rules.json", "audit_rules_not_served", name=f"{mechanism}: {field}")
    if mechanism == "probabilistic_serial":
        instance = _strict(instance)
    solution = _solution(bundle, instance)
    for law, witnesses in laws(instance, solution):
        for witness in witnesses:
            told = ", ".join(f"{name} {value}" for name, value in witness.items())
            raise Fault("result.csv" if law == "drawn" else CHANCES, "audit_law_lottery", law=law, found=told)
    _check_order(bundle, instance, solution["chances"])
    return certificate(instance, solution)


def _strict(instance: Instance) -> Instance:
    """Pools liked equally are asked for one by one, as the list has them."""
    sizes = np.diff(instance.start)
    within = np.arange(len(instance.pool)) - np.repeat(instance.start[:-1], sizes)
    return replace(instance, rank=(within + 1).astype(np.int64))


def _solution(bundle: Contents, instance: Instance) -> dict[str, Any]:
    """What the bundle says, in the form that the laws read."""
    bundle.known(CHANCES, "code", bundle.codes)
    chances: dict[str, dict[str, str]] = {code: {} for code in instance.household_ids}
    columns = (bundle.tables[CHANCES][name].to_pylist() for name in ("code", "pool", "chance"))
    for code, pool, chance in zip(*columns, strict=True):
        chances[code][pool] = chance
    names = [*instance.pool_ids, None]
    held = (names[pool] for pool in bundle.assigned().tolist())
    return {
        "chances": chances,
        "assignment": dict(zip(instance.household_ids, held, strict=True)),
        "options": {"seed": bundle.documents["draw.json"]["seed"]},
        "certificate": bundle.documents["certificate.json"],
    }


def _check_order(bundle: Contents, instance: Instance, chances: Mapping[str, Mapping[str, str]]) -> None:
    """Rows by code, then as the household's list has its pools; nothing twice."""
    start, pools = instance.start.tolist(), instance.pool.tolist()
    place = {code: at for at, code in enumerate(instance.household_ids)}
    due = [
        (code, name)
        for code in sorted(chances)
        for name in (instance.pool_ids[pool] for pool in pools[start[place[code]] : start[place[code] + 1]])
        if name in chances[code]
    ]
    found = zip(*(bundle.tables[CHANCES][name].to_pylist() for name in ("code", "pool")), strict=True)
    for number, (row, owed) in enumerate(zip_longest(found, due), 2):
        if row != owed:
            raise Fault(f"{CHANCES}:{number}", "audit_not_sorted", column="code", value=(row or owed)[0])
