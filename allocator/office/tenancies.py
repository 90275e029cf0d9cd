"""Offers, answers and signing of a month. Each function is called inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from allocator.errors import FaultsFound, Refused, WrongUsage
from allocator.exchange.answers import read_answers
from allocator.messages import text_of
from allocator.model.enums import OfferState
from allocator.model.facts import Facts, conform
from allocator.model.leases import LeaseState
from allocator.model.problem import Problem
from allocator.model.records import OFFERS, STANDINGS, Standing
from allocator.office.transfers import in_force
from allocator.policy.in_force import Policy
from allocator.tenancies.leases import lease_grounds, leases_of
from allocator.tenancies.offers import apply_answers, offers_of, waive_unanswered, waivers_after
from allocator.tenancies.rehearsals import accept_all, random_answers
from allocator.tenancies.transfers import ended, fallen_through, moves_of

if TYPE_CHECKING:
    from allocator.store import Store

ACCEPT_ALL: Final = "accept-all"
RANDOM: Final = "random:"
_LINES_SHOWN: Final = 50
_HELD: Final = (Standing.FROZEN.value, Standing.WITHDRAWN.value)


@dataclass(frozen=True, eq=False)
class Answered:
    """``figures``: offers by state; ``warnings``: what the answer file had that did not stop it."""

    figures: dict[str, int]
    warnings: list[Problem]


@dataclass(frozen=True, eq=False)
class Signed:
    """What signing made: ``leases`` (``model.records.LEASES``), ``grounds`` of each (tier, reason, payer), ``figures``,
    and the ``moves`` of tenants in an order in which they can be carried out (``tenancies.transfers.MOVES``).
    """

    leases: pd.DataFrame
    grounds: pd.DataFrame
    figures: dict[str, int]
    moves: pd.DataFrame


def offer_round(store: Store, month: str, on: date) -> dict[str, int]:
    """Make the offers of every sub-round from its frozen result; gives their number by sub-round."""
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    frames = [_offers_of_sub_round(store, month, name, on) for name in record.sub_rounds]
    offers = pd.concat(frames, ignore_index=True) if frames else conform(pd.DataFrame(), OFFERS)
    store.write_offers(offers)
    return {name: len(frame) for name, frame in zip(record.sub_rounds, frames, strict=True)}


def _offers_of_sub_round(store: Store, month: str, name: str, on: date) -> pd.DataFrame:
    roster, order = store.frame(month, name, "roster"), store.frame(month, name, "order")
    result = store.frame(month, name, "result")
    # Who keeps a home is offered none.
    result = result[result["dwelling_id"] != ""]
    return offers_of(result, roster, order, month=month, sub_round=name, made_on=on)


def answer_round(
    store: Store, month: str, on: date, answers: str | Path, *, rehearsal: bool, language: str
) -> Answered:
    """Apply a file of answers; in rehearsals also ``accept-all`` or ``random:SEED``. All or nothing.

    Raises ``FaultsFound`` with every fault and its row, ``Refused`` where made-up answers meet a real round.
    """
    offers = store.offers(month)
    given, faults, file = _answers(str(answers), offers, rehearsal=rehearsal)
    refuse_faulty(faults, file, language)
    known = _receipts(store, offers, given)
    changed, problems = apply_answers(offers, given, on, known=known, file=file)
    refuse_faulty([*faults, *problems], file, language)
    store.write_offers(changed)
    return Answered(states_of(changed), faults)


def _answers(wish: str, offers: pd.DataFrame, *, rehearsal: bool) -> tuple[pd.DataFrame, list[Problem], str]:
    is_made_up = wish == ACCEPT_ALL or wish.startswith(RANDOM)
    if is_made_up and not rehearsal:
        raise Refused("answers_only_rehearsed", answers=wish)
    if wish == ACCEPT_ALL:
        return accept_all(offers), [], wish
    if is_made_up:
        return random_answers(offers, _seed_of(wish)), [], wish
    path = Path(wish)
    frame, problems = read_answers(path)
    return frame, problems, path.name


def _seed_of(wish: str) -> int:
    digits = wish.removeprefix(RANDOM)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise WrongUsage("answers_seed_malformed", answers=wish)
    return int(digits)


def _receipts(store: Store, offers: pd.DataFrame, given: pd.DataFrame) -> set[str]:
    """Receipt numbers the bureau knows; looked up only where an answer has no offer."""
    if _among(given["receipt_no"], offers["receipt_no"]).all():
        return set()
    return set(store.read_facts().households["receipt_no"])


def refuse_faulty(problems: list[Problem], file: str, language: str) -> None:
    """Raise ``FaultsFound`` with every located fault in words where any of them is an error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise FaultsFound("filed_file_faulty", file=file, num=len(errors), lines=lines_of(errors, language))


def lines_of(problems: list[Problem], language: str) -> str:
    """One line per fault: file, row, column, value, and what to do."""
    lines = [_line_of(problem, language) for problem in problems[:_LINES_SHOWN]]
    more = len(problems) - len(lines)
    return "\n".join([*lines, *([text_of("filed_faults_more", language, num=more)] if more else [])])


def _line_of(problem: Problem, language: str) -> str:
    place: dict[str, Any] = {
        "file": problem.file,
        "row": problem.row,
        "column": problem.column or "—",
        "value": problem.value[:80],
    }
    text = text_of(problem.code, language, **{**place, "names": problem.column, **problem.params})
    shape = "filed_fault_line" if problem.row else "filed_fault_file"
    return text_of(shape, language, **place, text=text)


def states_of(offers: pd.DataFrame) -> dict[str, int]:
    """Number of offers in each state."""
    counts = offers["state"].value_counts()
    return {state.value.lower(): int(counts.get(state.value, 0)) for state in OfferState}


def sign_round(store: Store, policy: Policy, month: str, on: date, *, facts: Facts | None = None) -> Signed:
    """Waive what is unanswered, make the leases, note who is housed and who waived.

    A household whose case is frozen, or that has withdrawn, gets no lease (``held``): its offer stays as it is.
    ``facts``: what rents and subsidies are computed from; by default what the store holds now.
    """
    offers = waive_unanswered(store.offers(month), on)
    store.write_offers(offers)
    known, standings = store.read_facts() if facts is None else facts, store.standings()
    held = standings.loc[standings["state"].isin(_HELD), "receipt_no"]
    is_held = _among(offers["receipt_no"], held)
    running = in_force(store)
    free = offers[~is_held]
    free = free[~fallen_through(free, running)]
    grounds = lease_grounds(free, known, policy.tenancy, policy.supply.modes, on)
    leases = leases_of(grounds, month=month, signed_on=on, num_before=len(store.leases(month)))
    store.write_leases(pd.concat([ended(running, leases), leases], ignore_index=True))
    # A tenant stays housed, whether it moves or refuses; a refusal of a move is no waiver.
    newcomers = free[~_among(free["receipt_no"], running["receipt_no"])]
    changed = standings_after(standings, newcomers, policy.tenancy.max_waivers)
    store.set_standings(changed)
    accepted = offers["state"] == OfferState.ACCEPTED.value
    figures = {
        **states_of(offers),
        **money_of(leases),
        "held": int((accepted & is_held).sum()),
        "must_apply_again": int((changed["state"] == Standing.WITHDRAWN.value).sum()),
    }
    carried_out = free[free["state"] == OfferState.ACCEPTED.value].reset_index(drop=True)
    moves = moves_of(carried_out, running)
    if policy.allocation.transfers is not None:
        figures["moved"] = int(_among(carried_out["receipt_no"], running["receipt_no"]).sum())
        figures["fallen_through"] = int((accepted & ~is_held).sum()) - len(carried_out)
    return Signed(leases, grounds, figures, moves)


def standings_after(standings: pd.DataFrame, offers: pd.DataFrame, max_waivers: int) -> pd.DataFrame:
    """The standings these offers change, as ``model.records.STANDINGS``: housed, waiting with one waiver more,
    or withdrawn because the waivers are beyond the limit (a new application is needed).
    """
    counted = waivers_after(standings, offers, max_waivers)
    touched = counted[_among(counted["receipt_no"], offers["receipt_no"])].reset_index(drop=True)
    accepted, refused = (offers["state"] == state.value for state in (OfferState.ACCEPTED, OfferState.WAIVED))
    housed = _among(touched["receipt_no"], offers.loc[accepted, "receipt_no"])
    waived = _among(touched["receipt_no"], offers.loc[refused, "receipt_no"])
    is_out = waived & (touched["num_waivers"] > max_waivers)
    state = np.select(
        [housed, is_out], [Standing.HOUSED.value, Standing.WITHDRAWN.value], Standing.WAITING.value
    )
    changed = touched.assign(state=state)[housed | waived]
    return conform(changed, STANDINGS)


def _among(names: pd.Series, others: pd.Series) -> Any:
    """Which of the names stand among the others; on objects, for text columns take it one by one."""
    return pd.Index(names, dtype=object).isin(pd.Index(others, dtype=object))


def money_of(leases: pd.DataFrame) -> dict[str, int]:
    """Number of leases in force, and their rent and subsidy in fen per month."""
    in_force = leases[leases["state"] == LeaseState.IN_FORCE.value]
    return {
        "leases": len(in_force),
        "rent_fen": sum(int(rent) for rent in in_force["rent_fen"]),
        "subsidy_fen": sum(int(subsidy) for subsidy in in_force["subsidy_fen"]),
    }


def ledger(leases: pd.DataFrame, facts: Facts, policy: Policy) -> list[dict[str, Any]]:
    """Rent roll and subsidy of the leases in force by supply mode and payer, fen per month, and the whole last.

    The lines' sums equal the last line's, fen by fen.
    """
    in_force = leases[leases["state"] == LeaseState.IN_FORCE.value]
    projects = facts.projects.set_index("project_id")["supply_mode"]
    modes = in_force["project_id"].map(projects)
    payers: Mapping[str, str] = {
        str(mode): str(rule.subsidy_paid_by) for mode, rule in policy.supply.modes.items()
    }
    lines = [
        {"supply_mode": mode, "paid_by": payers.get(mode, "none"), **money_of(rows)}
        for mode, rows in in_force.groupby(modes.to_numpy(dtype=object), sort=True)
    ]
    return [*lines, {"supply_mode": "total", "paid_by": "", **money_of(in_force)}]
