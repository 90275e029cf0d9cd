"""The laws of an assignment alone: ``allocator-instance/1`` and ``allocator-solution/1`` (contract, 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from allocator.audit import fielded, quota_infeasible, rooms
from allocator.audit.judgement import Breach, Judgement, Seats, loads_of, seats_of
from allocator.audit.leximin import leximin_certificate, leximin_laws
from allocator.audit.lotteries import lottery_certificate, lottery_laws
from allocator.audit.outcome import compare_figures, judged
from allocator.audit.quota_rights import OWN_LAWS as QUOTA_LAWS
from allocator.audit.quota_rights import band_quotas
from allocator.audit.results import Fault, LawResult
from allocator.model.instance import Instance, Ints

FORMAT: Final = "allocator-solution/1"
KEYS: Final = frozenset(
    {
        "format",
        "mechanism",
        "status",
        "instance_fingerprint",
        "assignment",
        "chances",
        "options",
        "certificate",
        "report",
    }
)
OWN_LAWS: Final = {"serial": ("serial_choice",), "band_optimum": ("housing", "rank_optimality", "tie_rule")}
_OPTIONS: Final[Mapping[str, Callable[[object], bool]]] = {
    "housing_first": lambda wish: isinstance(wish, bool),
    "housed": lambda wish: wish is None or wish in ("count", "order"),
    "seed": lambda wish: wish is None or isinstance(wish, str),
}
_MOST: Final = 3
_LOTTERIES: Final = {
    "probabilistic_serial": (lottery_laws, lottery_certificate),
    "leximin_lottery": (leximin_laws, leximin_certificate),
}


def certify(instance: Instance, solution_document: object) -> list[LawResult]:
    """Every law with its witnesses. Never raises on what the solution holds.

    Laws: ``format``, ``status``, ``fingerprint``, ``assignment`` (every household named once, pools that
    exist), ``individually_rational``, ``capacity``, ``non_wasteful``, ``fields_honoured``, then the
    mechanism's own (``OWN_LAWS``) and ``certificate``. A law that cannot be reached is left out.
    """
    if not isinstance(solution_document, Mapping):
        return [_law("format", [{"reason": "not an object"}])]
    solution: Mapping[str, Any] = solution_document
    if rooms.is_split(instance, solution):
        return rooms.certify_split(instance, solution, certify)
    is_unsolved = quota_infeasible.is_claimed(solution)
    results = [
        _law("format", _format_faults(solution)),
        _law(
            "status",
            []
            if is_unsolved or solution.get("status") == "OPTIMAL"
            else [{"status": _shown(solution.get("status"))}],
        ),
        _law("fingerprint", _fingerprint_faults(instance, solution)),
    ]
    if is_unsolved:
        return [*results, *_unsolved_laws(instance, solution)]
    if str(solution.get("mechanism")) in _LOTTERIES:
        return [*results, *_lottery_laws(instance, solution)]
    results.append(_law("assignment", _assignment_faults(instance, solution.get("assignment"))))
    if not results[-1].holds:
        return results
    assigned = _assigned(instance, solution["assignment"])
    if fielded.is_fielded(instance, solution.get("mechanism")):
        return [*results, *_fielded_laws(instance, assigned, solution)]
    if solution.get("mechanism") == "band_optimum" and instance.extensions:
        return [*results, *_quota_laws(instance, assigned, solution)]
    seats = seats_of(instance, assigned)
    results.append(_law("individually_rational", _named(instance, assigned, seats.stray)))
    results.append(_law("capacity", _overfull(instance, assigned)))
    results.append(_law("non_wasteful", _wasted(instance, assigned, seats)))
    results.append(_law("fields_honoured", [{"field": name} for name in sorted(instance.extensions)]))
    if all(result.holds for result in results[4:]):
        results.extend(_mechanism_laws(instance, assigned, solution))
    return results


def _law(name: str, witnesses: Iterable[Mapping[str, object]]) -> LawResult:
    few = tuple(witnesses)[:_MOST]
    return LawResult(name, not few, few)


def _shown(value: object) -> str:
    return ascii(value)[:80]


def _format_faults(solution: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    if solution.get("format") != FORMAT:
        yield {"field": "format"}
    for name in sorted(set(solution) - KEYS):
        yield {"field": _shown(name)}
    for name in ("options", "certificate", "report"):
        if not isinstance(solution.get(name, {}), Mapping):
            yield {"field": name}
    options = solution.get("options", {})
    for name, wish in options.items() if isinstance(options, Mapping) else ():
        if not (name in _OPTIONS and _OPTIONS[name](wish)):
            yield {"field": _shown(f"options.{name}")}


def _fingerprint_faults(instance: Instance, solution: Mapping[str, Any]) -> list[dict[str, object]]:
    published = solution.get("instance_fingerprint")
    if instance.fingerprint and published == instance.fingerprint:
        return []
    return [{"published": _shown(published), "recomputed": instance.fingerprint}]


def _assignment_faults(instance: Instance, assignment: object) -> Iterator[dict[str, object]]:
    if not isinstance(assignment, Mapping):
        yield {"reason": "no assignment"}
        return
    households, pools = set(instance.household_ids), set(instance.pool_ids)
    for household in instance.household_ids:
        if household not in assignment:
            yield {"household": household, "reason": "not named"}
    for household, pool in assignment.items():
        if household not in households:
            yield {"household": _shown(household), "reason": "unknown household"}
        elif pool is not None and not (isinstance(pool, str) and pool in pools):
            yield {"household": household, "pool": _shown(pool), "reason": "unknown pool"}


def _assigned(instance: Instance, assignment: Mapping[str, str | None]) -> Ints:
    index: dict[str | None, int] = {name: place for place, name in enumerate(instance.pool_ids)}
    index[None] = -1
    return np.array([index[assignment[name]] for name in instance.household_ids], dtype=np.int64)


def _named(instance: Instance, assigned: Ints, households: Ints) -> Iterator[dict[str, object]]:
    for household in households[:_MOST]:
        pool = instance.pool_ids[int(assigned[household])]
        yield {"household": instance.household_ids[household], "pool": pool}


def _overfull(instance: Instance, assigned: Ints) -> Iterator[dict[str, object]]:
    load = loads_of(instance, assigned)
    for pool in np.flatnonzero(load > instance.capacity)[:_MOST]:
        yield {
            "pool": instance.pool_ids[pool],
            "load": int(load[pool]),
            "capacity": int(instance.capacity[pool]),
        }


def _wasted(instance: Instance, assigned: Ints, seats: Seats) -> Iterator[dict[str, object]]:
    """A place empty that somebody lists with a lower rank than what it holds."""
    has_room = (loads_of(instance, assigned) < instance.capacity)[instance.pool]
    own = seats.own_choice[seats.owner]
    never = np.iinfo(np.int64).max
    held_rank = np.where(own >= 0, instance.rank[own], never) if len(own) else own
    wished = np.flatnonzero(has_room & (instance.rank < held_rank) & ~np.isin(seats.owner, seats.stray))
    for choice in wished[:_MOST]:
        yield {
            "household": instance.household_ids[seats.owner[choice]],
            "pool": instance.pool_ids[instance.pool[choice]],
        }


def _lottery_laws(instance: Instance, solution: Mapping[str, Any]) -> Iterator[LawResult]:
    laws, certificate = _LOTTERIES[str(solution["mechanism"])]
    results = [_law(law, witnesses) for law, witnesses in laws(instance, solution)]
    yield from results
    if all(result.holds for result in results):
        judgement = Judgement(certificate(instance, solution), ())
        yield _law("certificate", _certificate_faults(judgement, solution.get("certificate")))


def _fielded_laws(instance: Instance, assigned: Ints, solution: Mapping[str, Any]) -> Iterator[LawResult]:
    """The laws of ``fielded``; the mechanism's own are asked where the rights hold."""
    mechanism = str(solution["mechanism"])
    rights = [_law("capacity", _overfull(instance, assigned))]
    for law, witnesses in fielded.rights_laws(instance, assigned, mechanism):
        rights.append(_law(law, witnesses))
    yield from rights
    if not all(result.holds for result in rights):
        return
    judgement = fielded.judge_fielded(instance, assigned, mechanism, solution)
    for law in fielded.OWN_LAWS[mechanism]:
        yield _law(law, _witnesses(judgement.breaches, law))
    yield _law("certificate", _certificate_faults(judgement, solution.get("certificate")))


def _quota_laws(instance: Instance, assigned: Ints, solution: Mapping[str, Any]) -> Iterator[LawResult]:
    """The laws of ``band_optimum`` with quotas, reserves or tenants."""
    case = band_quotas(instance, assigned)
    rights = [_law("capacity", _overfull(instance, assigned))]
    rights.extend(_law(law, witnesses) for law, witnesses in case.rights())
    yield from rights
    if not all(result.holds for result in rights):
        return
    judgement = case.judge(solution)
    for law in QUOTA_LAWS:
        yield _law(law, _witnesses(judgement.breaches, law))
    yield _law("certificate", _certificate_faults(judgement, solution.get("certificate")))


def _unsolved_laws(instance: Instance, solution: Mapping[str, Any]) -> Iterator[LawResult]:
    """The laws of a solution that says that no assignment is possible."""
    return (_law(law, witnesses) for law, witnesses in quota_infeasible.unsolved(instance, solution))


def _mechanism_laws(instance: Instance, assigned: Ints, solution: Mapping[str, Any]) -> Iterator[LawResult]:
    mechanism = solution.get("mechanism")
    options = solution.get("options", {})
    housing_first = isinstance(options, Mapping) and options.get("housing_first") is True
    judgement = judged(instance, assigned, mechanism, housing_first=housing_first)
    if judgement is None:
        yield _law("certificate", [{"reason": "unknown mechanism", "mechanism": _shown(mechanism)}])
        return
    for law in OWN_LAWS[str(mechanism)]:
        yield _law(law, _witnesses(judgement.breaches, law))
    yield _law("certificate", _certificate_faults(judgement, solution.get("certificate")))


def _witnesses(breaches: Iterable[Breach], law: str) -> Iterator[dict[str, object]]:
    return (breach.witness() for breach in breaches if breach.law == law)


def _certificate_faults(judgement: Judgement, published: object) -> list[dict[str, object]]:
    if judgement.certificate is None:
        return [{"reason": "no certificate can be computed"}]
    if not isinstance(published, Mapping):
        return [{"reason": "missing"}]
    try:
        compare_figures("certificate", published, judgement.certificate)
    except Fault as fault:
        return [{"where": fault.where, **fault.params}]
    except (ValueError, TypeError, RecursionError):
        return [{"reason": "unreadable"}]
    return []
