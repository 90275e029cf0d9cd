"""The desk for the law: list, show, compare, and try it on a delivery without a store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from allocator import policy as law
from allocator.errors import FaultsFound, WrongUsage

if TYPE_CHECKING:
    import pandas as pd

    from allocator.model.composition import Composition
    from allocator.model.facts import Facts
    from allocator.policy.faults import FaultList
    from allocator.policy.in_force import Policy

# m² to the cm², yuan to the fen.
_DWELLING: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,4})?)\s*,\s*([0-9]{1,6}(?:\.[0-9]{1,2})?)")


def listed() -> list[dict[str, Any]]:
    """The shipped authorities: id, names, whether for rehearsals only. Reads no more than that."""
    from allocator.policy.faults import Faults
    from allocator.policy.files_in import SHIPPED, parse

    entries = []
    for name in law.shipped():
        content = (SHIPPED / name / "authority.toml").read_bytes()
        table = parse("authority.toml", content, Faults()) or {}
        entries.append(
            {key: value for key, value in table["authority"].items() if not isinstance(value, dict)}
        )
    return entries


def in_force(name_or_dir: str, on: date | None) -> Policy:
    """The policy of that authority or folder on that day; without a day its newest. Raises ``Refused``."""
    book = law.load(name_or_dir)
    return book.in_force(on or book.days_of_change()[-1])


def warnings(name_or_dir: str) -> FaultList:
    """What the law should be asked about, though it is sound: unread parameters, ends, sizes, approvers."""
    from allocator.policy.warnings import warnings_of

    return warnings_of(law.load(name_or_dir))


@dataclass(frozen=True)
class Dwelling:
    """A dwelling to reckon rent and subsidy for: cm², fen per m² and month."""

    area_cm2: int
    rent_per_m2_fen: int


def dwelling_of(text: str) -> Dwelling:
    """``AREA_M2,RENT_PER_M2`` as numbers; anything else is wrong usage."""
    found = _DWELLING.fullmatch(text.strip())
    if found is None:
        raise WrongUsage("policy_dwelling_malformed", value=text)
    area, rent = (Decimal(part) for part in found.groups())
    return Dwelling(int(area * 10_000), int(rent * 100))


@dataclass(frozen=True, eq=False)
class Tried:
    """What a law says about a delivery.

    ``people``: one row per sound household: ``receipt_no, verdict, num_persons, points, band`` (Int64, NA off
    the roster) and, with a dwelling, ``rent_fen, subsidy_fen``; ``entitled`` as ``screening.entitled`` gives
    it; ``num_errors``: faults of the delivery whose households were left out.
    """

    people: pd.DataFrame
    entitled: pd.DataFrame
    composition: Composition
    policy: Policy
    num_errors: int

    def document(self) -> dict[str, Any]:
        """As ``policy try --json`` prints it (contract, section 3)."""
        from allocator import screening

        types = [column for column in self.entitled.columns if column != "receipt_no"]
        masks = self.entitled[types].to_numpy(dtype=bool)
        findings = screening.findings_by_row(self.composition, self.policy)
        households = {}
        for row, person in enumerate(self.people.to_dict("records")):
            answer: dict[str, Any] = {
                "verdict": person["verdict"],
                "findings": [finding.document() for finding in findings[row]],
                "points": int(person["points"]),
                "band": None if person["band"] < 0 else int(person["band"]),
                "entitled": [kind for kind, fits in zip(types, masks[row], strict=True) if fits],
            }
            for amount in ("rent_fen", "subsidy_fen", "market_subsidy_fen"):
                if amount in person:
                    answer[amount] = int(person[amount])
            households[str(person["receipt_no"])] = answer
        return {"households": households}


def try_on(folder: Path, policy: Policy, *, dwelling: Dwelling | None, synthetic_ids: bool) -> Tried:
    """What the policy says about every household of a delivery on the policy's day, without a store.

    Raises ``FaultsFound`` when the delivery cannot be read as a whole; households with faulty rows are
    left out and counted.
    """
    from allocator import exchange

    accepts = synthetic_ids or policy.authority.accepts_synthetic_ids
    delivery = exchange.read_delivery(folder, synthetic_ids=accepts, known=None)
    errors = sum(problem.severity == "error" for problem in delivery.problems)
    if errors and delivery.refuses_everything:
        raise FaultsFound("policy_delivery_faulty", count=errors, folder=folder.name)
    facts = delivery.sound_facts() if errors else delivery.facts
    return try_facts(facts, policy, dwelling=dwelling, num_errors=errors)


def try_facts(facts: Facts, policy: Policy, *, dwelling: Dwelling | None, num_errors: int = 0) -> Tried:
    """The same on facts; the band is the dense rank of (priority group, -points) among the eligible."""
    from allocator import screening
    from allocator.model.composition import Composition
    from allocator.ranking import scores

    people = Composition.of(facts, policy.on)
    screened = screening.screen(facts, policy, policy.on, composition=people)
    frame = screened.verdicts.copy()
    groups = scores.priority_groups(facts, policy, policy.on, composition=people)
    frame["points"] = scores.points(facts, policy, policy.on, composition=people)["points"]
    is_on_roster = (frame["verdict"] == "ELIGIBLE").to_numpy(dtype=bool)
    ties = scores.tie_breaks(facts, policy, policy.on, composition=people)
    frame["band"] = _bands(groups, frame["points"], ties, is_on_roster, policy)
    if dwelling is not None:
        _add_money(frame, facts, policy, dwelling)
    entitled = screening.entitled(facts, policy, policy.on, composition=people)
    return Tried(frame, entitled, people, policy, num_errors)


def _bands(groups: pd.Series, points: pd.Series, ties: pd.Series, is_on_roster: Any, policy: Policy) -> Any:
    """Dense from 0 among those on the roster, -1 for the others."""
    import numpy as np

    keys = [groups.to_numpy()[is_on_roster]]
    if policy.allocation.optimise_within is None:
        keys += [-points.to_numpy()[is_on_roster], ties.to_numpy()[is_on_roster]]
    bands = np.full(len(points), -1, dtype=np.int64)
    _, dense = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
    bands[is_on_roster] = dense.reshape(-1)
    return bands


def _add_money(frame: pd.DataFrame, facts: Facts, policy: Policy, dwelling: Dwelling) -> None:
    """Rent and subsidy of that flat for each household, as if let to it by the bureau; ``market_subsidy_fen``,
    where the law has one besides: as if let to it on the market at that rent.
    """
    import numpy as np

    from allocator.tenancies.circumstances import circumstances
    from allocator.tenancies.market_subsidies import monthly_market_subsidy_fen
    from allocator.tenancies.rents import monthly_rent_fen
    from allocator.tenancies.subsidies import monthly_subsidy_fen

    area, rent = dwelling.area_cm2, dwelling.rent_per_m2_fen
    frame["rent_fen"] = int(monthly_rent_fen(np.array([area]), np.array([rent]), np.array([False]))[0])
    frame["subsidy_fen"] = 0
    rules, market = policy.tenancy.subsidy, policy.tenancy.market_subsidy
    if rules is not None:
        asked = circumstances(facts, frame["receipt_no"], rules, policy.on)
        asked = asked.assign(area_cm2=area, rent_per_m2_fen=rent, is_bed=False)
        frame["subsidy_fen"] = monthly_subsidy_fen(asked, rules)["subsidy_fen"].to_numpy()
    if market is not None:
        asked = circumstances(facts, frame["receipt_no"], market, policy.on)
        asked = asked.assign(rent_fen=frame["rent_fen"].to_numpy())
        paid = monthly_market_subsidy_fen(asked, market)["subsidy_fen"].to_numpy()
        # A law with the one programme only pays that towards the dwelling, whatever its name.
        frame["market_subsidy_fen" if rules is not None else "subsidy_fen"] = paid
