"""查重 at the desk: at import against what the store holds, and over the whole store (``data duplicates``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from allocator.exchange import Delivery
from allocator.messages import text_of
from allocator.model.facts import Facts
from allocator.model.lookups import is_among, positions_among
from allocator.model.records import Standing
from allocator.office.acts import POLICY_SETTING
from allocator.policy import load as load_policy
from allocator.screening import duplicates
from allocator.store import Store

CASE_LINK = "case_link"
_PERSON = ["receipt_no", "id_number", "relation"]
_CROSSES = ("employers", "branches", "months")


@dataclass(frozen=True, eq=False)
class Register:
    """What the store knows that a delivery is compared with. ``kept_dates``: by receipt, confirmed by a person."""

    facts: Facts
    standings: pd.DataFrame
    kept_dates: dict[str, date]
    max_waivers: int | None

    @property
    def ended(self) -> list[str]:
        """Receipts of withdrawn cases."""
        standings = self.standings
        return list(standings.loc[standings["state"] == Standing.WITHDRAWN.value, "receipt_no"])


def register_of(store: Store | None, policy_name: str | None) -> Register:
    """The register of a store, or an empty one."""
    if store is None:
        nobody = pd.DataFrame({"receipt_no": [], "state": [], "num_waivers": []})
        nobody = nobody.astype({"receipt_no": "str", "state": "str", "num_waivers": "int64"})
        return Register(Facts.empty(), nobody, {}, None)
    name = policy_name or store.setting(POLICY_SETTING)
    return Register(store.read_facts(), store.standings(), kept_dates(store), _max_waivers(name))


def _max_waivers(name: str | None) -> int | None:
    if not name:
        return None
    book = load_policy(name)
    return book.in_force(book.days_of_change()[-1]).tenancy.max_waivers


def kept_dates(store: Store) -> dict[str, date]:
    """Registration dates that a person confirmed to go on, by receipt number (``office.cases.link``)."""
    return {
        str(entry.details["receipt_no"]): date.fromisoformat(str(entry.details["registered_on"]))
        for entry in store.entries("")
        if entry.stage == CASE_LINK
    }


def tell_at_import(delivery: Delivery, register: Register) -> None:
    """Add to the delivery's faults what only the comparison with cases and standings shows.

    Errors: the same person under an ID number of the old form. Warnings: couples in two cases, people of ended
    cases, registration dates that stay. A delivery that cannot be used at all is left as it is.
    """
    if delivery.refuses_everything:
        return
    everyone, households = _everyone(delivery, register), _households(delivery, register)
    _tell_old_forms(delivery, everyone, register)
    found = duplicates.find(households, everyone, register.standings, max_waivers=register.max_waivers)
    _tell_sets(delivery, found, register)
    receipts, dates = _kept(delivery.facts.households, delivery, register)
    place = positions_among(receipts, delivery.reads["households"].frame["receipt_no"])
    params: list[dict[str, object]] = [{"kept": day_text(day)} for day in dates]
    rows = delivery.reads["households"].rows
    rows.blame(delivery.faults, "registered_on_kept", "registered_on", place, "warning", params)


def with_kept_dates(facts: Facts, delivery: Delivery, register: Register) -> Facts:
    """The facts with the original registration date where the case goes on under another applicant or number.

    Kept for a receipt whose applicant stepped down, and where a person confirmed the link; a later date of the same
    applicant is a correction and stands as delivered.
    """
    receipts, dates = _kept(facts.households, delivery, register)
    if not len(receipts):
        return facts
    households = facts.households.copy()
    place = positions_among(receipts, households["receipt_no"])
    days = households["registered_on"].to_numpy(dtype="datetime64[s]").copy()
    days[place] = dates.to_numpy(dtype="datetime64[s]")
    return replace(facts, households=households.assign(registered_on=days))


def _kept(households: pd.DataFrame, delivery: Delivery, register: Register) -> tuple[pd.Series, pd.Series]:
    """Receipts delivered with a later date than the one that goes on, and that date."""
    stepped = delivery.former_applicants["receipt_no"].drop_duplicates()
    known = register.facts.households
    before = known[is_among(known["receipt_no"], stepped)].set_index("receipt_no")["registered_on"]
    confirmed = pd.Series(
        {receipt: pd.Timestamp(day) for receipt, day in register.kept_dates.items()}, dtype="datetime64[s]"
    )
    original = pd.concat([before, confirmed]).dropna()
    original = original.groupby(level=0).min()
    delivered = households.drop_duplicates("receipt_no").set_index("receipt_no")["registered_on"]
    delivered = delivered.reindex(original.index)
    is_later = (delivered > original).to_numpy(dtype=bool)
    return pd.Series(original.index[is_later], dtype="str"), original[is_later].reset_index(drop=True)


def _everyone(delivery: Delivery, register: Register) -> pd.DataFrame:
    """Delivered people, faulty numbers as written, and those the store holds besides: ``position`` -1."""
    read = delivery.reads["members"]
    numbers = read.frame["id_number"]
    if numbers.isna().any() and "id_number" in read.rows.cells:
        as_written = pd.Series(pd.array(read.rows.cells["id_number"], dtype="str"))
        numbers = numbers.fillna(as_written)
    delivered = pd.DataFrame(
        {
            "receipt_no": delivery.receipts_of("members"),
            "id_number": duplicates.person_keys(numbers),
            "relation": read.frame["relation"],
            "position": np.arange(len(read.frame)),
        }
    )
    known = register.facts.members[_PERSON]
    if known.empty:
        return delivered
    gone = pd.concat([_pair(delivered), _pair(delivery.former_applicants)])
    return pd.concat([delivered, known[~is_among(_pair(known), gone)].assign(position=-1)], ignore_index=True)


def _pair(people: pd.DataFrame) -> pd.Series:
    return people["receipt_no"].astype("str") + "\t" + people["id_number"].astype("str")


def _households(delivery: Delivery, register: Register) -> pd.DataFrame:
    columns = ["receipt_no", "employer_id", "branch", "registered_on"]
    delivered = delivery.reads["households"].frame[columns].dropna(subset=["receipt_no"])
    delivered = delivered.drop_duplicates("receipt_no")
    known = register.facts.households[columns]
    rest = known[~is_among(known["receipt_no"], delivered["receipt_no"])]
    return pd.concat([delivered, rest], ignore_index=True) if len(rest) else delivered.reset_index(drop=True)


def _tell_old_forms(delivery: Delivery, everyone: pd.DataFrame, register: Register) -> None:
    """Every delivered row of a person in two open cases where one of the rows has no sound number of 18 characters."""
    read = delivery.reads["members"]
    is_unsound = np.zeros(len(everyone), dtype=bool)
    is_unsound[: len(read.frame)] = read.frame["id_number"].isna().to_numpy()
    unsound = everyone.loc[is_unsound, "id_number"]
    rows = everyone[is_among(everyone["id_number"], unsound.dropna())]
    rows = rows[~is_among(rows["receipt_no"], register.ended)]
    homes = rows.groupby("id_number")["receipt_no"].agg(lambda receipts: sorted(set(receipts)))
    rows = rows.assign(homes=rows["id_number"].map(homes))
    rows = rows[(rows["homes"].map(len) > 1) & (rows["position"] >= 0)]
    params: list[dict[str, object]] = [
        {"others": ", ".join(home for home in row.homes if home != row.receipt_no)}
        for row in rows.itertuples(index=False)
    ]
    read.rows.blame(
        delivery.faults, "person_in_two_households", "id_number", rows["position"].to_numpy(), params=params
    )


def _tell_sets(delivery: Delivery, found: duplicates.Duplicates, register: Register) -> None:
    """One warning at every delivered open case of a set that needs a person's judgement."""
    rows = delivery.reads["households"].rows
    receipts = delivery.reads["households"].frame["receipt_no"]
    sets = found.sets.set_index("set_no")
    judged = pd.Series(list(register.kept_dates), dtype="str")
    cases = found.cases[~found.cases["is_ended"] & ~is_among(found.cases["receipt_no"], judged)]
    cases = cases.assign(place=positions_among(cases["receipt_no"], receipts))
    together = found.cases.groupby("set_no")["receipt_no"].agg(list).to_dict()
    by_set = sets[["reasons", "original_registered_on"]].to_dict("index")
    for case in cases[cases["place"] >= 0].itertuples(index=False):
        told, others = by_set[case.set_no], together[case.set_no]
        params: dict[str, object] = {
            "others": ", ".join(other for other in others if other != case.receipt_no),
            "original": day_text(told["original_registered_on"]),
        }
        for reason in told["reasons"].split(";"):
            if reason not in {
                duplicates.HOUSED,
                duplicates.TWICE,
            }:  # these are errors at the member's own row
                place = np.array([case.place])
                rows.blame(delivery.faults, f"case_{reason}", "receipt_no", place, "warning", params)


def day_text(day: Any) -> str:
    """ISO date, or a dash."""
    return "—" if pd.isna(day) else f"{day:%Y-%m-%d}"


def of_store(store_url: str, policy_name: str | None = None) -> duplicates.Duplicates:
    """All sets of cases in the store that share a person. Raises ``Refused`` where there is no store."""
    with Store.open(store_url, create=False) as store:
        register = register_of(store, policy_name)
    facts = register.facts
    return duplicates.find(
        facts.households, facts.members, register.standings, max_waivers=register.max_waivers
    )


def document_of(found: duplicates.Duplicates, language: str) -> dict[str, Any]:
    """For machines: receipts, states, dates and employers; no ID number, no name."""
    cases = dict(iter(found.cases.groupby("set_no")))
    sets = [_set_document(told, cases[told["set_no"]], language) for told in found.sets.to_dict("records")]
    counts = found.sets["severity"].value_counts()
    return {"sets": sets, "counts": {grade: int(counts.get(grade, 0)) for grade in ("error", "warning")}}


def _set_document(told: dict[Any, Any], cases: pd.DataFrame, language: str) -> dict[str, Any]:
    return {
        "set_no": int(told["set_no"]),
        "severity": told["severity"],
        "reasons": told["reasons"].split(";"),
        "text": set_text(told, cases, language),
        "num_people": int(told["num_people"]),
        "is_one_employer": bool(told["is_one_employer"]),
        "crosses": [name for name in _CROSSES if told[f"crosses_{name}"]],
        "original_registered_on": None
        if pd.isna(told["original_registered_on"])
        else day_text(told["original_registered_on"]),
        "cases": [
            {
                "receipt_no": case.receipt_no,
                "state": case.state,
                "employer_id": case.employer_id,
                "branch": case.branch,
                "registered_on": None if pd.isna(case.registered_on) else day_text(case.registered_on),
            }
            for case in cases.itertuples(index=False)
        ],
    }


def set_text(told: dict[Any, Any], cases: pd.DataFrame, language: str) -> str:
    """What the set is and what to do, in one line."""
    reasons = [text_of(f"duplicates_{reason}", language) for reason in told["reasons"].split(";")]
    if told["is_one_employer"]:
        reasons.append(text_of("duplicates_one_employer", language, employer=cases["employer_id"].max()))
    if not pd.isna(told["original_registered_on"]):
        original = day_text(told["original_registered_on"])
        reasons.append(text_of("duplicates_original_date", language, original=original))
    receipts = ", ".join(f"{case.receipt_no} ({_state(case.state, language)})" for case in cases.itertuples())
    grade = text_of(f"data_{told['severity']}", language)
    words = " ".join(reasons) if language == "en" else "".join(reasons)
    return text_of(
        "duplicates_line", language, number=told["set_no"], grade=grade, cases=receipts, reasons=words
    )


def _state(state: str, language: str) -> str:
    return text_of(f"standing_{state}", language)
