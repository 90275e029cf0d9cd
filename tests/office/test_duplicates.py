"""Duplicates and changed applicants at the desk: at import, over the store, and what a person confirms."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator.commands.app import app
from allocator.errors import Refused
from allocator.office import cases
from allocator.office.acts import Act
from allocator.office.deliveries import Ask, Imported, check_delivery, import_delivery
from allocator.store import Store
from tests.exchange.deliveries import sound_copy

APPLICANT, SPOUSE = "999999199001010016", "999999199202020026"
HEADS = {
    "households": "receipt_no,branch,employer_id,registered_on,income_per_year,assets,building_area_m2,"
    "benefit_status,social_insurance_months",
    "members": "receipt_no,name,id_number,relation,sex,birth_date,flags",
    "preferences": "receipt_no,rank,project_id,dwelling_type",
}


def ask(folder: Path, base: Path) -> Ask:
    """A delivery into the one store of the test."""
    return Ask(folder, store_url=f"sqlite:///{base / 'store.db'}", policy_name="example")


def next_delivery(base: Path, members: list[str], receipt_no: str = "H9", day: str = "2026-02-01") -> Path:
    """A delivery of one household and these members; everything else empty."""
    folder = sound_copy(base / f"next-{receipt_no}-{day}")
    rows = {
        "households": [f"{receipt_no},local,,{day},48000,0,0,none,36"],
        "members": [f"{receipt_no},{member}," for member in members],
        "preferences": [f"{receipt_no},1,P1,one_room"],
    }
    for name, head in HEADS.items():
        (folder / f"{name}.csv").write_text("\n".join([head, *rows[name]]) + "\n", encoding="utf-8")
    return folder


def person(name: str, number: str, relation: str) -> str:
    """A member's cells; sex and birthday from the number."""
    sex = "male" if int(number[16]) % 2 else "female"
    return f"{name},{number},{relation},{sex},{number[6:10]}-{number[10:12]}-{number[12:14]}"


def codes_of(done: Imported) -> list[str]:
    """Codes of the problems."""
    return [problem.code for problem in done.delivery.problems]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A store that holds the sound delivery: H1 is a couple, registered 2024-05-06."""
    assert import_delivery(ask(sound_copy(tmp_path / "first"), tmp_path)).is_done
    return tmp_path


def set_standing(base: Path, receipt_no: str, state: str, num_waivers: int = 0) -> None:
    """Put a case where the test needs it."""
    with Store.open(f"sqlite:///{base / 'store.db'}") as store:
        frame = store.standings().iloc[:0].copy()
        frame.loc[0] = [receipt_no, state, num_waivers]
        store.set_standings(frame.astype({"receipt_no": "str", "state": "str", "num_waivers": "int64"}))


def household(base: Path, receipt_no: str) -> tuple[str, list[tuple[str, str]]]:
    """Registration date, and ID number and relation of the members."""
    with Store.open(f"sqlite:///{base / 'store.db'}") as store:
        facts = store.read_facts().of_household(receipt_no)
    people = zip(facts.members["id_number"], facts.members["relation"], strict=True)
    return f"{facts.households['registered_on'].iloc[0]:%Y-%m-%d}", sorted(people)


def test_the_case_goes_on_under_the_co_applicant_with_its_date(base: Path) -> None:
    """H1 delivered with the wife as applicant and the husband gone keeps 2024-05-06, not the later date delivered."""
    done = import_delivery(ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")], "H1"), base))
    assert done.is_done
    assert sorted(codes_of(done)) == ["applicant_succeeded", "registered_on_kept"]
    assert household(base, "H1") == ("2024-05-06", [(SPOUSE, "applicant")])


def test_the_former_applicant_may_then_apply_alone(base: Path) -> None:
    """After the divorce the husband's own application is no duplicate, and begins with its own date."""
    import_delivery(ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")], "H1"), base))
    done = import_delivery(ask(next_delivery(base, [person("甲一", APPLICANT, "applicant")]), base))
    assert (done.is_done, codes_of(done)) == (True, [])
    assert household(base, "H9")[0] == "2026-02-01"


def test_whoever_is_still_listed_stays(base: Path) -> None:
    """Husband and wife change places in one household: nobody leaves, and the date is what was delivered."""
    couple = [person("乙二", SPOUSE, "applicant"), person("甲一", APPLICANT, "spouse")]
    done = import_delivery(ask(next_delivery(base, couple, "H1", "2024-05-06"), base))
    assert (done.is_done, codes_of(done)) == (True, [])
    assert len(household(base, "H1")[1]) == 2


def test_a_later_date_of_the_same_applicant_is_a_correction(base: Path) -> None:
    """Without a new applicant the date stands as delivered: clerks mend dates."""
    couple = [person("甲一", APPLICANT, "applicant"), person("乙二", SPOUSE, "spouse")]
    import_delivery(ask(next_delivery(base, couple, "H1", "2024-06-01"), base))
    assert household(base, "H1")[0] == "2024-06-01"


def test_a_couple_that_files_twice_is_refused_and_told(base: Path) -> None:
    """The wife of H1 files alone: an error at her row, and a word on couples at her application."""
    done = import_delivery(ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")]), base))
    assert not done.is_done
    assert sorted(codes_of(done)) == ["case_couple_filed_twice", "person_in_two_households"]


def test_the_old_form_of_a_number_names_both_rows(base: Path) -> None:
    """A spouse under 15 digits in one household and 18 in another: both rows are named."""
    old = SPOUSE[:6] + SPOUSE[8:17]
    folder = next_delivery(
        base, [person("丁四", "999999198808080088", "applicant").replace("999999198808080088", old)]
    )
    couple = [person("甲一", APPLICANT, "applicant"), person("乙二", SPOUSE, "spouse")]
    with (folder / "members.csv").open("a", encoding="utf-8") as stream:
        stream.writelines(f"H1,{member},\n" for member in couple)
    found = check_delivery(ask(folder, base)).problems
    rows = [problem.row for problem in found if problem.code == "person_in_two_households"]
    assert rows == [2, 4]


def withdrawn_then_applied(base: Path, num_waivers: int = 0) -> Imported:
    """H1 withdraws; the wife applies as H9."""
    set_standing(base, "H1", "withdrawn", num_waivers)
    return import_delivery(ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")]), base))


def test_a_member_of_an_ended_case_may_apply_and_is_told_of_the_link(base: Path) -> None:
    """The wife of the withdrawn H1 applies: imported, with a warning that names H1 and its date; her date is her own."""
    done = withdrawn_then_applied(base)
    assert done.is_done
    (told,) = done.delivery.problems
    assert (told.code, told.severity, told.value) == ("case_applicant_changed", "warning", "H9")
    assert told.params == {"others": "H1", "original": "2024-05-06"}
    assert household(base, "H9")[0] == "2026-02-01"


def test_a_confirmed_link_takes_the_date_over_for_good(base: Path) -> None:
    """Once a second person approves, H9 has H1's date, and a later delivery of H9 does not take it away."""
    withdrawn_then_applied(base)
    act = Act(store_url=f"sqlite:///{base / 'store.db'}", on=date(2026, 2, 2))
    cases.link("H9", "H1", act, reason="离婚，女方继续", approver="李主任")
    assert household(base, "H9")[0] == "2024-05-06"
    again = import_delivery(
        ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")], day="2026-02-03"), base)
    )
    assert codes_of(again) == ["registered_on_kept"]
    assert household(base, "H9")[0] == "2024-05-06"


@pytest.mark.parametrize(
    ("receipt_no", "earlier", "code"),
    [
        ("H9", "H2", "case_link_not_ended"),
        ("H2", "H1", "case_link_shares_nobody"),
        ("H9", "H0", "case_unknown"),
    ],
)
def test_a_link_without_ground_is_refused(base: Path, receipt_no: str, earlier: str, code: str) -> None:
    """Only an ended case with a person in common lends its date."""
    withdrawn_then_applied(base)
    act = Act(store_url=f"sqlite:///{base / 'store.db'}")
    with pytest.raises(Refused) as fault:
        cases.link(receipt_no, earlier, act, reason="x", approver="李主任")
    assert fault.value.code == code


def test_the_command_lists_sets_without_names_or_numbers(base: Path) -> None:
    """``data duplicates --json`` names receipts, reasons and dates, and neither an ID number nor a name."""
    withdrawn_then_applied(base)
    run = CliRunner().invoke(
        app, ["data", "duplicates", "--store", f"sqlite:///{base / 'store.db'}", "--json"]
    )
    assert run.exit_code == 0, run.output
    (told,) = json.loads(run.stdout)["sets"]
    assert (told["severity"], told["reasons"]) == ("warning", ["applicant_changed"])
    assert told["original_registered_on"] == "2024-05-06"
    assert [case["receipt_no"] for case in told["cases"]] == ["H1", "H9"]
    for lang in ("zh", "en"):
        line = CliRunner().invoke(
            app, ["data", "duplicates", "--store", f"sqlite:///{base / 'store.db'}", "--lang", lang]
        )
        assert not [word for word in (SPOUSE, APPLICANT, "甲一", "乙二") if word in line.output + run.output]


def test_waivers_beyond_the_limit_lend_no_date(base: Path) -> None:
    """A case ended by a third waiver (``example`` allows two) is no ground for an earlier date."""
    done = withdrawn_then_applied(base, num_waivers=3)
    assert done.delivery.problems[0].params["original"] == "—"


def test_a_member_may_be_mended(base: Path) -> None:
    """A member delivered again with another relation replaces the row that stood."""
    couple = [person("甲一", APPLICANT, "applicant"), person("乙二", SPOUSE, "other")]
    assert import_delivery(ask(next_delivery(base, couple, "H1", "2024-05-06"), base)).is_done
    assert household(base, "H1")[1] == [(APPLICANT, "applicant"), (SPOUSE, "other")]


def test_who_must_apply_again_cannot_be_linked_around_it(base: Path) -> None:
    """After a third waiver, or a ban, even two people cannot lend the ended case's date to the spouse."""
    withdrawn_then_applied(base, num_waivers=3)
    act = Act(store_url=f"sqlite:///{base / 'store.db'}")
    with pytest.raises(Refused) as fault:
        cases.link("H9", "H1", act, reason="x", approver="李主任")
    assert fault.value.code == "case_link_no_ground"
    set_standing(base, "H1", "withdrawn", 0)
    cases.ban("H1", act, since=date(2025, 6, 15), reason="转租", approver="李主任")
    with pytest.raises(Refused) as fault:
        cases.link("H9", "H1", act, reason="x", approver="李主任")
    assert fault.value.code == "case_link_no_ground"
