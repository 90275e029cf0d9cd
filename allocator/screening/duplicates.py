"""查重: the same person in several applications, by exact ID number; names are never read.

A case is open while it waits, is frozen, set aside or housed; it has ended once it is withdrawn. One person in
two open cases is an error: one household, one application, one dwelling. One person in an open and an ended case is
a link that a person must judge: it may be the same case under another applicant (divorce, death), whose registration
date then goes on (docs/decisions/duplicates-and-case-links.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.model.enums import Relation
from allocator.model.lookups import order_by_text, positions_among
from allocator.model.records import Standing

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ERROR, WARNING = "error", "warning"
# What is wrong: one person in two open cases.
COUPLE, HOUSED, TWICE = "couple_filed_twice", "person_has_dwelling", "person_filed_twice"
# What is to be judged: a person of an ended case in an open one.
CHANGED, AGAIN, MEMBER = "applicant_changed", "applies_again", "member_of_ended_case"
REASONS: Final = (COUPLE, HOUSED, TWICE, CHANGED, AGAIN, MEMBER)

_WEIGHTS: Final = np.array([2 ** (17 - place) % 11 for place in range(17)], dtype=np.int64)
_CHECKS: Final = "10X98765432"
_SET_DTYPES: Final = {
    "set_no": "int64",
    "severity": "str",
    "reasons": "str",
    "num_households": "int64",
    "num_people": "int64",
    "is_one_employer": "bool",
    "crosses_employers": "bool",
    "crosses_branches": "bool",
    "crosses_months": "bool",
    "original_registered_on": "datetime64[s]",
}
_CASE_DTYPES: Final = {
    "set_no": "int64",
    "receipt_no": "str",
    "state": "str",
    "is_ended": "bool",
    "employer_id": "str",
    "branch": "str",
    "registered_on": "datetime64[s]",
    "num_waivers": "int64",
    "num_shared": "int64",
}


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Sets of cases that share people, numbered from 1 by their least receipt number. No ID number, no name.

    ``sets``: ``set_no, severity`` (``error``: blocks; ``warning``: a person must judge), ``reasons`` (codes of
    ``REASONS``, ``;`` between), ``num_households, num_people`` (those who stand in several), ``is_one_employer`` (all
    open cases name the same one), ``crosses_employers, crosses_branches, crosses_months`` (of registration),
    ``original_registered_on`` (the date that could go on, NaT where none).
    ``cases``: one row per case of a set, by set and receipt number: ``set_no, receipt_no, state, is_ended,
    employer_id, branch, registered_on, num_waivers, num_shared``.
    """

    sets: pd.DataFrame
    cases: pd.DataFrame


def person_keys(id_numbers: pd.Series) -> pd.Series:
    """``(n,) str``: the 18 characters of each ID number, NA where it has neither form; exact, never guessed.

    A number of 15 digits is the old form of the one with the century 19 and its check digit (GB 11643-1999).
    """
    texts = pa.array(id_numbers.astype("str"), type=pa.large_string(), from_pandas=True)
    texts = pc.ascii_upper(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
    is_whole = _matches(texts, "^[0-9]{17}[0-9X]$")
    if is_whole.all():
        return pd.Series(texts.to_pandas(), index=id_numbers.index, dtype="str")
    trimmed = pc.utf8_trim_whitespace(texts)
    is_whole, is_old = _matches(trimmed, "^[0-9]{17}[0-9X]$"), _matches(trimmed, "^[0-9]{15}$")
    keys = trimmed.to_pandas().to_numpy(dtype=object).copy()
    keys[is_old] = _lengthened(keys[is_old])
    keys[~is_whole & ~is_old] = None
    return pd.Series(keys, index=id_numbers.index, dtype="str")


def _matches(texts: pa.Array, pattern: str) -> Bools:
    found = pc.match_substring_regex(texts, pattern).fill_null(False)
    return np.asarray(found).astype(bool)


def _lengthened(old: npt.NDArray[np.object_]) -> list[str]:
    """15 digits as 18."""
    if not len(old):
        return []
    bodies = [f"{text[:6]}19{text[6:]}" for text in old]
    digits = np.frombuffer("".join(bodies).encode("ascii"), dtype=np.uint8).reshape(-1, 17).astype(np.int64)
    sums = (digits - ord("0")) @ _WEIGHTS % 11
    return [body + _CHECKS[rest] for body, rest in zip(bodies, sums.tolist(), strict=True)]


def find(
    households: pd.DataFrame,
    members: pd.DataFrame,
    standings: pd.DataFrame,
    *,
    max_waivers: int | None = None,
) -> Duplicates:
    """All sets of cases that share a person, whatever the order of the rows.

    ``households``: ``receipt_no, employer_id, branch, registered_on``; ``members``: ``receipt_no, id_number,
    relation`` (15 or 18 characters, upper or lower case); ``standings``: ``receipt_no, state, num_waivers`` of cases
    with a history. ``max_waivers`` (inclusive): a case that ended beyond it must apply again, so its date does not
    go on. Members of unknown households, and ID numbers without a form, are left out.
    """
    shared = _shared(households, members, standings)
    people = _people(shared, max_waivers)
    shared = shared[people["is_told"].to_numpy()[shared["person"].to_numpy()]].reset_index(drop=True)
    if shared.empty:
        return Duplicates(_empty(_SET_DTYPES), _empty(_CASE_DTYPES))
    shared["set_no"] = _components(shared["person"].to_numpy(), shared["household"].to_numpy())
    cases = _cases(shared)
    return Duplicates(_sets(shared, people, cases), cases)


def _empty(dtypes: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})


def _shared(households: pd.DataFrame, members: pd.DataFrame, standings: pd.DataFrame) -> pd.DataFrame:
    """One row per person and household of those who stand in several; households by place in code point order."""
    keys = person_keys(members["id_number"])
    encoded = pd.factorize(keys)[0]
    place = positions_among(members["receipt_no"], households["receipt_no"])
    rows = np.flatnonzero((encoded >= 0) & (place >= 0))
    # Of a person listed twice in one household the nearest relation counts.
    nearness = positions_among(members["relation"], [str(relation) for relation in Relation])
    nearness = np.where(nearness < 0, len(Relation), nearness)
    rows = rows[np.lexsort((nearness[rows], place[rows], encoded[rows]))]
    person, home = encoded[rows], place[rows]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (person[1:] != person[:-1]) | (home[1:] != home[:-1])
    rows, person = rows[is_first], person[is_first]
    is_several = np.bincount(person, minlength=encoded.max(initial=0) + 1)[person] > 1
    rows, person = rows[is_several], person[is_several]
    return _described(
        households, standings, place[rows], nearness[rows], np.unique(person, return_inverse=True)[1]
    )


def _described(
    households: pd.DataFrame, standings: pd.DataFrame, home: Ints, nearness: Ints, person: Any
) -> pd.DataFrame:
    told = households.iloc[home][["receipt_no", "employer_id", "branch", "registered_on"]].reset_index(
        drop=True
    )
    known = positions_among(told["receipt_no"], standings["receipt_no"])
    states = np.append(standings["state"].to_numpy(object), Standing.WAITING.value)
    waivers = np.append(standings["num_waivers"].to_numpy(np.int64), 0)
    words = np.array([*(str(relation) for relation in Relation), ""], dtype=object)
    order = order_by_text(told["receipt_no"].drop_duplicates())
    ranked = told["receipt_no"].drop_duplicates().iloc[order]
    return told.assign(
        employer_id=told["employer_id"].fillna("").astype("str"),
        branch=told["branch"].fillna("").astype("str"),
        person=person,
        household=positions_among(told["receipt_no"], ranked),
        relation=words[nearness],
        state=pd.Series(states[known], dtype="str"),
        num_waivers=waivers[known],
        is_ended=states[known] == Standing.WITHDRAWN.value,
    )


def _people(shared: pd.DataFrame, max_waivers: int | None) -> pd.DataFrame:
    """One row per shared person: ``is_told, is_clash, reason, original_registered_on``."""
    person, num = shared["person"].to_numpy(), int(shared["person"].max()) + 1 if len(shared) else 0
    ended = shared["is_ended"].to_numpy(dtype=bool)
    relation = shared["relation"].to_numpy(object)
    applies, is_spouse = relation == Relation.APPLICANT.value, relation == Relation.SPOUSE.value

    def count(mask: Bools) -> Ints:
        return np.bincount(person[mask], minlength=num).astype(np.int64)

    opened, over = count(~ended), count(ended)
    is_clash = opened > 1
    is_couple = (count(~ended & applies) > 0) & (count(~ended & is_spouse) > 0)
    is_housed = count(~ended & (shared["state"] == Standing.HOUSED.value).to_numpy(dtype=bool)) > 0
    clash = np.select([is_housed, is_couple], [HOUSED, COUPLE], TWICE)
    now_applies = count(~ended & applies) > 0
    changes = now_applies & (count(ended & ~applies) > 0)
    link = np.select([changes, now_applies], [CHANGED, AGAIN], MEMBER)
    may_go_on = ended & ~applies
    if max_waivers is not None:
        may_go_on &= (shared["num_waivers"] <= max_waivers).to_numpy(dtype=bool)
    dates = (
        shared["registered_on"].where(may_go_on & changes[person]).groupby(person).min().reindex(range(num))
    )
    return pd.DataFrame(
        {
            "is_told": is_clash | ((opened == 1) & (over > 0)),
            "is_clash": is_clash,
            "reason": np.where(is_clash, clash, link),
            "original_registered_on": dates.where(~is_clash).to_numpy(dtype="datetime64[s]"),
        }
    )


def _components(person: Ints, household: Ints) -> Ints:
    """Number from 1 of the set of each row: households are in one set when a chain of people joins them."""
    root = np.arange(int(household.max()) + 1)
    while True:
        least = np.full(int(person.max()) + 1, len(root))
        np.minimum.at(least, person, root[household])
        merged = root.copy()
        np.minimum.at(merged, household, least[person])
        merged = merged[merged]
        if np.array_equal(merged, root):
            break
        root = merged
    return np.unique(root[household], return_inverse=True)[1].reshape(-1).astype(np.int64) + 1


def _cases(shared: pd.DataFrame) -> pd.DataFrame:
    counted = shared.groupby("household")["person"].transform("size")
    cases = shared.assign(num_shared=counted).drop_duplicates("household")
    cases = cases.sort_values(["set_no", "household"], ignore_index=True)
    return cases[list(_CASE_DTYPES)].astype(_CASE_DTYPES)


def _sets(shared: pd.DataFrame, people: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """One row per set, from its people and its cases."""
    told = shared.drop_duplicates("person")[["set_no", "person"]]
    told = told.assign(**{name: people[name].to_numpy()[told["person"]] for name in people.columns})
    by_set = told.groupby("set_no")
    is_error = by_set["is_clash"].any().to_numpy()
    reasons = told.drop_duplicates(["set_no", "reason"]).assign(
        place=lambda frame: frame["reason"].map({reason: at for at, reason in enumerate(REASONS)})
    )
    joined = reasons.sort_values("place").groupby("set_no")["reason"].agg(";".join)
    months = cases["registered_on"].dt.strftime("%Y-%m").fillna("")
    spread = cases.assign(month=months).groupby("set_no")[["employer_id", "branch", "month"]].nunique()
    opened = cases[~cases["is_ended"]].groupby("set_no")["employer_id"]
    is_one = (opened.min() == opened.max()) & (opened.min() != "") & (opened.size() > 1)
    sets = pd.DataFrame(
        {
            "set_no": joined.index.to_numpy(),
            "severity": np.where(is_error, ERROR, WARNING),
            "reasons": joined.to_numpy(),
            "num_households": cases.groupby("set_no").size().to_numpy(),
            "num_people": by_set.size().to_numpy(),
            "is_one_employer": is_one.reindex(joined.index, fill_value=False).to_numpy(),
            "crosses_employers": (spread["employer_id"] > 1).to_numpy(),
            "crosses_branches": (spread["branch"] > 1).to_numpy(),
            "crosses_months": (spread["month"] > 1).to_numpy(),
            "original_registered_on": by_set["original_registered_on"].min().to_numpy(),
        }
    )
    return sets.astype(_SET_DTYPES)
