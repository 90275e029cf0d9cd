"""What the store holds counts with what is delivered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from allocator.exchange import read_delivery
from allocator.model.facts import Facts

from .deliveries import SOUND, replace_in, sound_copy


def known() -> Facts:
    """The sound delivery as the store would hold it."""
    return read_delivery(SOUND, synthetic_ids=True).facts


def headers_only(folder: Path, *names: str) -> None:
    """Leave nothing but the header of some tables."""
    for name in names:
        path = folder / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")


def found(folder: Path, facts: Facts) -> list[tuple[str, str, int]]:
    """Code, file and row of each problem."""
    problems = read_delivery(folder, synthetic_ids=True, known=facts).problems
    return [(problem.code, problem.file, problem.row) for problem in problems]


def test_the_same_delivery_again_is_clean(tmp_path: Path) -> None:
    """Known rows of the same keys are replaced, not doubled."""
    assert found(sound_copy(tmp_path), known()) == []


def test_references_are_satisfied_by_the_store(tmp_path: Path) -> None:
    """Employers, projects and dwellings that stand in the store need not come again."""
    folder = sound_copy(tmp_path)
    headers_only(folder, "employers", "projects", "dwellings")
    assert found(folder, known()) == []
    assert ("project_unknown", "preferences.csv", 2) in found(folder, Facts.empty())


def test_members_and_preferences_may_come_alone(tmp_path: Path) -> None:
    """A household that stands in the store may get a child by its members file alone."""
    folder = sound_copy(tmp_path)
    headers_only(folder, "households", "members", "preferences")
    with (folder / "members.csv").open("a", encoding="utf-8") as stream:
        stream.write("H1,甲小,999999201501010010,child,male,2015-01-01,\n")
    assert found(folder, known()) == [("id_checksum", "members.csv", 2)]
    replace_in(folder / "members.csv", "999999201501010010", "999999201501010012")
    assert found(folder, known()) == []


def test_a_person_of_a_known_household_is_found(tmp_path: Path) -> None:
    """Somebody the store has in one household is refused in another, which is named."""
    folder = sound_copy(tmp_path)
    for name in ("households", "members", "preferences"):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace("H3,", "H7,"), encoding="utf-8")
    problems = read_delivery(folder, synthetic_ids=True, known=known()).problems
    assert [(p.code, p.file, p.row, p.params["others"]) for p in problems] == [
        ("person_in_two_households", "members.csv", 5, "H3")
    ]


def test_a_second_applicant_beside_a_known_one_is_found(tmp_path: Path) -> None:
    """The applicant the store has and another one delivered are two."""
    folder = sound_copy(tmp_path)
    headers_only(folder, "members")
    with (folder / "members.csv").open("a", encoding="utf-8") as stream:
        stream.write("H1,丁四,999999196003030017,applicant,male,1960-03-03,\n")
    assert found(folder, known()) == [("applicant_doubled", "members.csv", 2)]


def test_a_room_of_the_store_keeps_its_sex(tmp_path: Path) -> None:
    """A bed delivered for women in a room the store has for men is found."""
    folder = sound_copy(tmp_path)
    text = (folder / "dwellings.csv").read_text(encoding="utf-8").splitlines()
    text = [text[0], text[2].replace("B1,", "B3,").replace("male", "female")]
    (folder / "dwellings.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    assert found(folder, known()) == [("room_of_both_sexes", "dwellings.csv", 2)]


def test_without_a_household_the_members_hang_in_the_air(tmp_path: Path) -> None:
    """A member of a household that neither the files nor the store have is found."""
    folder = sound_copy(tmp_path)
    without = replace(known(), households=known().households.iloc[:0])
    headers_only(folder, "households")
    codes = {code for code, _, _ in found(folder, without)}
    assert codes == {"household_unknown"}
