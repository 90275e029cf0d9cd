"""One case between the stages: withdrawn, frozen, taken up again, barred, or joined to the case it goes on from.

The round never stops for it. Before the roster is committed to, the case is simply left out; after that it keeps its
position with an empty list (``removals.csv``); after the allocation the place it got is not signed for.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from allocator.errors import Refused, WrongUsage
from allocator.messages import text_of
from allocator.model.enums import Stage
from allocator.model.facts import Facts
from allocator.model.leases import LeaseState
from allocator.model.lookups import is_among
from allocator.model.month import month_of
from allocator.model.records import STANDINGS, Standing
from allocator.office import history
from allocator.office.acts import Act, Done, one_transaction, policy_name, stage_dates
from allocator.office.duplicates import CASE_LINK, Register, register_of
from allocator.office.following import typed
from allocator.policy import load as load_policy
from allocator.rounds.lifecycle import ORDER
from allocator.screening import duplicates
from allocator.store import Store

if TYPE_CHECKING:
    from allocator.model.records import RoundRecord

WITHDRAW, FREEZE, UNFREEZE = "withdraw", "freeze", "unfreeze"
ACTS: Final = (WITHDRAW, FREEZE, UNFREEZE)
# Where a case may come from, and where it goes.
_FROM: Final = {
    WITHDRAW: (Standing.WAITING, Standing.FROZEN, Standing.SET_ASIDE),
    FREEZE: (Standing.WAITING, Standing.SET_ASIDE),
    UNFREEZE: (Standing.FROZEN,),
}
_TO: Final = {WITHDRAW: Standing.WITHDRAWN, FREEZE: Standing.FROZEN, UNFREEZE: Standing.WAITING}


def change(
    verb: str, month: str, receipt_no: str, act: Act, *, reason: str, approver: str | None = None
) -> Done:
    """Withdraw, freeze or unfreeze one case of an open round; reason and approver stand in the journal.

    Raises ``WrongUsage`` without a reason (or, to freeze and unfreeze, an approver), ``Refused`` for an unknown or
    closed round, an unknown receipt, a standing from which this cannot be done, and an approver who acts alone.
    """
    month_of(month)
    _check_words(reason, approver, needs_approver=verb != WITHDRAW)
    with Store.open(act.store_url, create=False) as store:
        record = _open_round(store, month)
        with one_transaction(store, is_dry_run=act.is_dry_run):
            before = _checked_standing(store, receipt_no, verb, act.language)
            _set(store, receipt_no, _TO[verb])
            details = {"receipt_no": receipt_no, "reason": reason, "approver": approver or ""}
            details |= {"before": before.value, "after": _TO[verb].value}
            _journal(store, month, verb, _day(store, month, act), details)
            effect = _effect(store, record, receipt_no, verb)
    said = [(f"case_{verb}_done", {"receipt_no": receipt_no, "month": month}), (effect, {})]
    figures = {"receipt_no": receipt_no, "before": before.value, "after": _TO[verb].value, "effect": effect}
    return _done(month, said, figures, act)


def ban(receipt_no: str, act: Act, *, since: date, reason: str, approver: str | None) -> Done:
    """Bar the applicant of a case from applying for the months of the law, from ``since`` on; the case ends.

    ``since``: the day the dwelling was given back, or the lie was found. Raises ``Refused`` where the law names no
    ban, the receipt is unknown, or a lease of it still runs.
    """
    _check_words(reason, approver, needs_approver=True)
    with Store.open(act.store_url, create=False) as store:
        rules = load_policy(policy_name(act, store)).in_force(since).tenancy.ban
        if rules is None:
            raise Refused("case_ban_not_in_law", on=since.isoformat())
        until = (pd.Timestamp(since) + pd.DateOffset(months=rules.months)).date()
        _check_no_lease(store, receipt_no)
        with one_transaction(store, is_dry_run=act.is_dry_run):
            _set(store, receipt_no, Standing.WITHDRAWN)
            details = {
                "receipt_no": receipt_no,
                "since": since.isoformat(),
                "barred_until": until.isoformat(),
            }
            details |= {"reference": rules.reference, "reason": reason, "approver": str(approver)}
            _journal(store, None, history.BAN, act.on or since, details)
    told = {"receipt_no": receipt_no, "barred_until": until.isoformat(), "reference": rules.reference}
    return _done("", [("case_banned", told)], told, act)


def lift_ban(receipt_no: str, act: Act, *, on: date, reason: str, approver: str | None) -> Done:
    """End a ban on that day; the case stays ended. Raises ``Refused`` where none runs on it."""
    _check_words(reason, approver, needs_approver=True)
    with Store.open(act.store_url, create=False) as store:
        known = history.bans(store).set_index("receipt_no")["barred_until"]
        if receipt_no not in known.index or known[receipt_no] <= pd.Timestamp(on):
            raise Refused("case_ban_none", receipt_no=receipt_no, on=on.isoformat())
        with one_transaction(store, is_dry_run=act.is_dry_run):
            details = {"receipt_no": receipt_no, "barred_until": on.isoformat(), "reason": reason}
            _journal(store, None, history.BAN, on, {**details, "approver": str(approver)})
    told = {"receipt_no": receipt_no, "barred_until": on.isoformat()}
    return _done("", [("case_ban_lifted", told)], told, act)


def _check_no_lease(store: Store, receipt_no: str) -> None:
    if not (store.read_facts().households["receipt_no"] == receipt_no).any():
        raise Refused("case_unknown", receipt_no=receipt_no)
    leases = store.leases()
    own = leases[(leases["receipt_no"] == receipt_no) & (leases["state"] == LeaseState.IN_FORCE.value)]
    if len(own):
        raise Refused("case_ban_lease_runs", receipt_no=receipt_no, lease_no=own["lease_no"].iloc[0])


def link(receipt_no: str, earlier: str, act: Act, *, reason: str, approver: str | None) -> Done:
    """Confirm that a case goes on from an ended one: it takes over that registration date, in the store and for good.

    A person judges (divorce, death: the co-applicant becomes applicant); ``data duplicates`` only suggests.
    Raises ``Refused`` where one of the receipts is unknown, the earlier case has not ended or registered no earlier,
    the two share nobody, or the earlier case lends its date to nobody (its own applicant applies again; it ended by
    waivers or a ban).
    """
    _check_words(reason, approver, needs_approver=True)
    with Store.open(act.store_url, create=False) as store:
        register = register_of(store, act.policy_name)
        original = _linkable(register, history.bans(store)["receipt_no"], receipt_no, earlier)
        households = register.facts.households
        own = households[households["receipt_no"] == receipt_no].reset_index(drop=True)
        dated = own.assign(registered_on=pd.Series([pd.Timestamp(original)], dtype="datetime64[s]"))
        with one_transaction(store, is_dry_run=act.is_dry_run):
            store.write_delivery(replace(Facts.empty(), households=dated))
            details = {"receipt_no": receipt_no, "earlier": earlier, "registered_on": original.isoformat()}
            _journal(store, None, CASE_LINK, act.on, {**details, "reason": reason, "approver": approver})
    told = {"receipt_no": receipt_no, "earlier": earlier, "original": original.isoformat()}
    return _done("", [("case_linked", told)], told, act)


def _check_words(reason: str, approver: str | None, *, needs_approver: bool) -> None:
    if not reason.strip():
        raise WrongUsage("case_reason_missing")
    if needs_approver and not (approver or "").strip():
        raise WrongUsage("case_approver_missing")
    if approver and approver.strip() == actor():
        raise Refused("case_approver_is_actor", approver=approver.strip())


def actor() -> str:
    """Who acts."""
    return os.environ.get("ALLOCATOR_ACTOR", "clerk")


def _open_round(store: Store, month: str) -> RoundRecord:
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    if record.stage == Stage.CLOSE.value:
        raise Refused("case_round_closed", month=month)
    return record


def _checked_standing(store: Store, receipt_no: str, verb: str, language: str) -> Standing:
    standings = store.standings().set_index("receipt_no")["state"]
    if receipt_no in standings.index:
        state = Standing(standings[receipt_no])
    elif (store.read_facts().households["receipt_no"] == receipt_no).any():
        state = Standing.WAITING
    else:
        raise Refused("case_unknown", receipt_no=receipt_no)
    if state not in _FROM[verb]:
        words = text_of(f"standing_{state.value}", language)
        raise Refused(f"case_not_{verb}", receipt_no=receipt_no, state=words)
    return state


def _set(store: Store, receipt_no: str, state: Standing) -> None:
    standings = store.standings().set_index("receipt_no")["num_waivers"]
    waivers = int(standings.get(receipt_no, 0))
    row = {"receipt_no": [receipt_no], "state": [state.value], "num_waivers": [waivers]}
    store.set_standings(pd.DataFrame(row).astype(STANDINGS.dtypes))


def _day(store: Store, month: str, act: Act) -> date:
    """Day of the act: as given, else that of the last stage done; never before it."""
    last = max(stage_dates(store, month).values())
    if act.on is not None and act.on < last:
        raise Refused("case_before_stage", month=month, on=act.on.isoformat(), last=last.isoformat())
    return act.on or last


def _effect(store: Store, record: RoundRecord, receipt_no: str, verb: str) -> str:
    """What it means for this round: the text code."""
    done = ORDER.index(Stage(record.stage))
    if verb == UNFREEZE:
        screened = done >= ORDER.index(Stage.SCREEN) and not _is_screened(store, record.month, receipt_no)
        if screened or done >= ORDER.index(Stage.ALLOCATE):
            return "case_next_month"
        return "case_takes_part"
    if done < ORDER.index(Stage.PUBLISH_ROSTER):
        return "case_left_out"
    return "case_keeps_position" if done < ORDER.index(Stage.ALLOCATE) else "case_not_signed"


def _is_screened(store: Store, month: str, receipt_no: str) -> bool:
    return bool((store.frame(month, "", "people")["receipt_no"] == receipt_no).any())


def _linkable(register: Register, banned: pd.Series, receipt_no: str, earlier: str) -> date:
    """The date that goes on: only where ``data duplicates`` would suggest it."""
    pair, facts = [receipt_no, earlier], register.facts
    households = facts.households[is_among(facts.households["receipt_no"], pair)].reset_index(drop=True)
    for receipt in pair:
        if not (households["receipt_no"] == receipt).any():
            raise Refused("case_unknown", receipt_no=receipt)
    if earlier not in register.ended:
        raise Refused("case_link_not_ended", earlier=earlier)
    members = facts.members[is_among(facts.members["receipt_no"], pair)].reset_index(drop=True)
    found = duplicates.find(households, members, register.standings, max_waivers=register.max_waivers).sets
    if found.empty:
        raise Refused("case_link_shares_nobody", receipt_no=receipt_no, earlier=earlier)
    original = found["original_registered_on"].iloc[0]
    if pd.isna(original) or (banned == earlier).any():
        raise Refused("case_link_no_ground", receipt_no=receipt_no, earlier=earlier)
    own = households.set_index("receipt_no")["registered_on"][receipt_no]
    if pd.notna(own) and original >= own:
        raise Refused("case_link_not_earlier", receipt_no=receipt_no, earlier=earlier)
    return pd.Timestamp(original).date()


def _journal(store: Store, month: str | None, stage: str, on: date | None, details: dict[str, Any]) -> None:
    """An act beside the stages: its day stands under ``acted_on``, for ``on`` dates stages."""
    store.append_entry(
        month=month,
        stage=stage,
        actor=actor(),
        stamp=datetime.now(UTC).isoformat(timespec="seconds"),
        details={**({"acted_on": on.isoformat()} if on else {}), **details},
    )


def _done(month: str, said: list[tuple[str, dict[str, Any]]], figures: dict[str, Any], act: Act) -> Done:
    if act.is_dry_run:
        said = [*said, ("dry_run_done", {})]
        figures = {**figures, "dry_run": True}
    following = (
        typed("round", "status", month, act=act)
        if month
        else typed("data", "duplicates", act=act, with_out=False)
    )
    return Done(month, tuple(said), figures, following)
