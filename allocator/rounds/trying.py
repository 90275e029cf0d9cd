"""Mechanisms run on one instance, judged, and compared with lists misreported: what both laboratories share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from allocator import audit, mechanisms
from allocator.errors import Refused
from allocator.measures import misreports
from allocator.measures.holdings import Holdings, holdings_of
from allocator.model.documents import solution_document
from allocator.model.enums import SolutionStatus
from allocator.model.instance import Instance, Ints, Solution
from allocator.rounds.solving import strict

# Seeds of rehearsed draws never collide with those of real rounds: their first line is another.
SEED_TAG: Final = "allocator-odds/1"
_OF_FORM: Final = frozenset({"format", "status", "fingerprint", "assignment"})


@dataclass(frozen=True)
class Way:
    """A mechanism with its options. ``name``: as shown, ``band_optimum+housing_first`` for the variant.

    ``housed``: which aim comes first where quotas cross; read by ``band_optimum``.
    """

    mechanism: str
    housing_first: bool = False
    housed: str | None = None

    @property
    def name(self) -> str:
        """The mechanism, with its option where that is set."""
        return self.mechanism + ("+housing_first" if self.housing_first else "")

    def solve(self, instance: Instance, seed: str | None = None) -> Solution:
        """Run it; ``seed`` draws one assignment where the mechanism is a lottery. Raises ``Refused``.

        An instance nobody can be assigned in (infeasible, or a limit reached) is refused here, too.
        """
        options: dict[str, Any] = {}
        takes = mechanisms.mechanism_named(self.mechanism).options
        if self.housing_first:
            options["housing_first"] = True
        if self.housed is not None and "housed" in takes:
            options["housed"] = self.housed
        if seed is not None and "seed" in takes:
            options["seed"] = seed
        if self.mechanism == "probabilistic_serial":
            instance = strict(instance)
        solution = mechanisms.solve(instance, self.mechanism, **options)
        if solution.status not in {SolutionStatus.OPTIMAL, SolutionStatus.FEASIBLE}:
            raise Refused("compare_no_result", mechanism=self.mechanism, status=str(solution.status))
        return solution


def rehearsed_seed(seed: int, number: int) -> str:
    """Hex seed of the ``number``-th rehearsed draw (from 0) of a run with that seed."""
    return hashlib.sha256(f"{SEED_TAG}\n{seed}\n{number}\n".encode("ascii")).hexdigest()


def in_one_band(instance: Instance) -> Instance:
    """The same households and lists, all in one band."""
    return replace(instance, band=np.zeros_like(instance.band))


def fingerprinted(instance: Instance) -> Instance:
    """The instance with a fingerprint over its columns, so that a certificate names what it is of."""
    digest = hashlib.sha256()
    for column in (instance.band, instance.capacity, instance.start, instance.pool, instance.rank):
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    digest.update("\n".join([*instance.household_ids, "", *instance.pool_ids]).encode("utf-8"))
    return replace(instance, fingerprint="sha256:" + digest.hexdigest())


def proofs_of(instance: Instance, solution: Solution) -> tuple[list[str], list[str]]:
    """Names of the laws that hold and of those broken, as the audit finds by the certificate.

    Those of the document's form are named only when broken.
    """
    results = audit.certify(instance, solution_document(instance, solution))
    holds = [one.law for one in results if one.holds and one.law not in _OF_FORM]
    return holds, [one.law for one in results if not one.holds]


def sampled(instance: Instance, size: int, seed: str) -> Ints:
    """Positions of up to ``size`` households with a list, chosen by a hash of the seed and their names."""
    listed = np.flatnonzero(np.diff(instance.start))
    drawn = [
        hashlib.sha256(f"{seed}\nsample\n{instance.household_ids[one]}\n".encode()).digest()
        for one in listed.tolist()
    ]
    return listed[sorted(range(len(listed)), key=drawn.__getitem__)[:size]]


def exploiters(instance: Instance, held: Holdings, way: Way, households: Sequence[int]) -> Iterator[bool]:
    """For each household in turn: whether some report of the family brings it something it likes better."""
    for household in households:
        yield _can_exploit(instance, held, way, household)


def _can_exploit(instance: Instance, held: Holdings, way: Way, household: int) -> bool:
    truth = misreports.own_list(instance, household)
    own = int(held.rank[household]) or misreports.true_rank(truth, -1)
    if own == 1:
        return False
    for report in misreports.family(truth):
        told = misreports.with_report(instance, household, report)
        try:
            got = int(way.solve(told).matching.assigned[household])
        except Refused:  # such a list would leave no allocation at all
            continue
        if misreports.true_rank(truth, got) < own:
            return True
    return False


def holdings(instance: Instance, solution: Solution) -> Holdings:
    """What everybody holds by a solution."""
    return holdings_of(instance, solution.matching.assigned)


Tick = Callable[[str], None]


def quiet(_: str) -> None:
    """Nobody listens to the progress."""
