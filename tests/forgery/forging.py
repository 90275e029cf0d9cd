"""Consistent forgeries of people and their lists: the engine itself, re-run on inputs of which one was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.model.facts import Facts
from allocator.policy import load
from allocator.rounds import freeze
from allocator.rounds.screened import screen
from scenarios.identity import id_numbers
from scenarios.population import next_delivery
from tests.forgery.true_rounds import Inputs

Forgery = Callable[[Inputs, Path], Inputs]
DAY = date(2026, 3, 2)
# Fen a year or cm²: small, and no contradiction to a stated job or a usable area.
LITTLE = 1_200_000


def people_of(inputs: Inputs) -> pd.DataFrame:
    """Everybody screened, by receipt."""
    none = {"receipt_no": "str", "state": "str", "num_waivers": "int64"}
    standings = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in none.items()})
    return screen(inputs.facts, load(inputs.policy).in_force(DAY), DAY, standings).people


def receipts(inputs: Inputs, verdict: str) -> list[str]:
    """Receipts with that verdict, by number."""
    people = people_of(inputs)
    return people.loc[people["verdict"] == verdict, "receipt_no"].tolist()


def an_eligible(inputs: Inputs, **wanted: object) -> str:
    """The first eligible household that has these values in its row of the delivery."""
    households = inputs.facts.households.set_index("receipt_no").loc[receipts(inputs, "ELIGIBLE")]
    for column, value in wanted.items():
        households = households[households[column] == value]
    return str(households.index[0])


def with_table(inputs: Inputs, name: str, frame: pd.DataFrame) -> Inputs:
    """The inputs with one table of the facts replaced."""
    return replace(inputs, facts=replace(inputs.facts, **{name: frame.reset_index(drop=True)}))


def set_cells(inputs: Inputs, name: str, rows: pd.Series, column: str, value: object) -> Inputs:
    """One value written into some rows of one table."""
    frame = getattr(inputs.facts, name).copy()
    assert rows.any()
    frame.loc[rows, column] = value
    return with_table(inputs, name, frame)


def frozen(inputs: Inputs) -> list[str]:
    """All that is frozen before the draw, as text: what a change must touch to be of any effect."""
    law = load(inputs.policy).in_force(DAY)
    nobody = pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})
    people = people_of(inputs)
    rounds = freeze.sub_rounds(inputs.facts, people, law, inputs.month, DAY, nobody)
    tables = ("roster", "preferences", "pools", "dwellings")
    return [
        one.name
        + "".join(getattr(one, name).to_csv() for name in tables)
        + ("" if one.declared is None else one.declared.groups.to_csv() + str(one.declared.document))
        for one in rounds
    ]


def first_effective(inputs: Inputs, candidates: Iterable[Inputs]) -> Inputs:
    """The first changed inputs that freeze something else."""
    before = frozen(inputs)
    for changed in candidates:
        if frozen(changed) != before:
            return changed
    raise AssertionError("no candidate changes anything")


def household(column: str, value: object, **wanted: object) -> Forgery:
    """A cell of an eligible household's row changed, of the first for whom it changes anything."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        asking = inputs.facts.households
        rows = asking["receipt_no"].isin(receipts(inputs, "ELIGIBLE"))
        for name, is_value in wanted.items():
            rows &= asking[name] == is_value
        at = asking.index.to_series()
        return first_effective(
            inputs, (set_cells(inputs, "households", at == row, column, value) for row in asking.index[rows])
        )

    return forge


def employ(inputs: Inputs, base: Path) -> Inputs:
    """Somebody who lists an employer's own stock is passed off as one of its staff."""
    built = inputs.facts.projects.query("supply_mode == 'enterprise_built'").iloc[0]
    forge = household("employer_id", built.operator_id)
    return forge(inputs, base)


def without(facts: Facts, receipt_no: str) -> Facts:
    """The facts without a household."""
    tables = {name: getattr(facts, name) for name in ("households", "members", "preferences")}
    left = {name: frame[frame["receipt_no"] != receipt_no] for name, frame in tables.items()}
    return replace(facts, **{name: frame.reset_index(drop=True) for name, frame in left.items()})


def remove(verdict: str) -> Forgery:
    """A household of that verdict vanishes."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        return replace(inputs, facts=without(inputs.facts, receipts(inputs, verdict)[3]))

    return forge


def add_household(inputs: Inputs, base: Path) -> Inputs:
    """A household nobody registered, and eligible."""
    facts = inputs.facts
    more = next_delivery(facts, "2026-03", seed=5, num_households=8, num_dwellings=1)
    asking = {name: getattr(more, name) for name in ("households", "members", "preferences")}
    both = replace(
        facts, **{k: pd.concat([getattr(facts, k), v], ignore_index=True) for k, v in asking.items()}
    )
    people = people_of(replace(inputs, facts=both)).set_index("receipt_no")["verdict"]
    new = next(name for name in more.households["receipt_no"] if people[name] == "ELIGIBLE")
    for name in more.households["receipt_no"]:
        both = both if name == new else without(both, name)
    return replace(inputs, facts=both)


def lower_income(inputs: Inputs, base: Path) -> Inputs:
    """A household over the line is brought under it, and comes onto the roster."""
    asking = inputs.facts.households["receipt_no"]
    out = receipts(inputs, "INELIGIBLE")
    return first_effective(
        inputs,
        (set_cells(inputs, "households", asking == name, "income_per_year_fen", LITTLE) for name in out),
    )


def older(inputs: Inputs, base: Path) -> Inputs:
    """An applicant's birth date (and ID number, which must agree) forty years earlier."""
    members = inputs.facts.members
    applicants = members["receipt_no"].isin(receipts(inputs, "ELIGIBLE")) & (
        members["relation"] == "applicant"
    )
    row = members.index[applicants & (members["birth_date"].dt.year > 1980)][0]
    born = members.loc[row, "birth_date"].replace(year=1950, day=1)
    is_male = np.array([members.loc[row, "sex"] == "male"])
    number = id_numbers(np.array([born], dtype="datetime64[D]"), is_male, members["id_number"])[0]
    at = members.index.to_series() == row
    return set_cells(set_cells(inputs, "members", at, "birth_date", born), "members", at, "id_number", number)


def flag(value: str | None) -> Forgery:
    """A mark of hardship on an applicant without any; ``None``: one wiped off."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        members = inputs.facts.members
        rows = members["flags"].isna() if value else members["flags"].notna()
        rows &= members["receipt_no"].isin(receipts(inputs, "ELIGIBLE"))
        at = members.index.to_series()
        return first_effective(
            inputs, (set_cells(inputs, "members", at == row, "flags", value) for row in members.index[rows])
        )

    return forge


def rename(inputs: Inputs, base: Path) -> Inputs:
    """Another name of a member: every code of the round changes, the facts that count do not."""
    members = inputs.facts.members
    return set_cells(inputs, "members", members.index.to_series() == 0, "name", "王甲")


def reorder(inputs: Inputs, base: Path) -> Inputs:
    """A list is turned round: the last choice comes first."""
    return first_effective(inputs, (_turned(inputs, name) for name in receipts(inputs, "ELIGIBLE")))


def _turned(inputs: Inputs, receipt_no: str) -> Inputs:
    wishes = inputs.facts.preferences.copy()
    own = wishes.index[wishes["receipt_no"] == receipt_no]
    columns = ["project_id", "dwelling_type"]
    wishes.loc[own, columns] = wishes.loc[own[::-1], columns].to_numpy()
    return with_table(inputs, "preferences", wishes)


def add_wish(project: str, kind: str) -> Forgery:
    """One line more at the end of a list."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        return first_effective(
            inputs, (_longer(inputs, name, project, kind) for name in receipts(inputs, "ELIGIBLE"))
        )

    return forge


def _longer(inputs: Inputs, receipt_no: str, project: str, kind: str) -> Inputs:
    wishes = inputs.facts.preferences
    own = wishes[wishes["receipt_no"] == receipt_no]
    row = own.iloc[-1:].assign(project_id=project, dwelling_type=kind)
    row["rank"] = own["rank"].max() + 1
    listed = (own["project_id"] == project) & (own["dwelling_type"] == kind)
    return inputs if listed.any() else with_table(inputs, "preferences", pd.concat([wishes, row]))


def drop_wish(inputs: Inputs, base: Path) -> Inputs:
    """A list loses its first choice; the ranks move up."""
    return first_effective(inputs, (_shorter(inputs, name) for name in receipts(inputs, "ELIGIBLE")))


def _shorter(inputs: Inputs, receipt_no: str) -> Inputs:
    wishes = inputs.facts.preferences
    own = wishes["receipt_no"] == receipt_no
    kept = wishes[~(own & (wishes["rank"] == 1))].copy()
    kept.loc[kept["receipt_no"] == receipt_no, "rank"] -= 1
    return with_table(inputs, "preferences", kept)
