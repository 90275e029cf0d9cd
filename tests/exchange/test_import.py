"""Into the store: all or nothing, twice the same, faulty households set aside and mended."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import python_calamine
import xlsxwriter

from allocator.errors import Refused, WrongUsage
from allocator.exchange import read_delivery
from allocator.office import deliveries
from allocator.office.deliveries import Ask, check_delivery, import_delivery
from allocator.store import Store

from .deliveries import SAMPLE, SOUND, assert_equal_facts, replace_in, sound_copy


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store that does not stand yet."""
    return f"sqlite:///{tmp_path}/city.db"


def ask(folder: Path, url: str, **more: object) -> Ask:
    """An import of synthetic people."""
    return Ask(folder, url, **{"synthetic_ids": True, **more})  # type: ignore[arg-type]


def faulty_copy(folder: Path) -> Path:
    """The sound delivery with a wrong income in H2 and a rank doubled in H1; H3 stays sound."""
    sound_copy(folder)
    replace_in(folder / "households.csv", "52000", "-52000")
    replace_in(folder / "preferences.csv", "H1,2,", "H1,1,")
    return folder


def test_the_sample_imports_whole(url: str) -> None:
    """What is read of the sample is what the store holds afterwards."""
    done = import_delivery(ask(SAMPLE, url))
    assert (done.is_done, done.counts["households"].inserted) == (True, 600)
    with Store.open(url, create=False) as store:
        assert_equal_facts(read_delivery(SAMPLE, synthetic_ids=True).facts, store.read_facts())


def test_importing_twice_changes_nothing(url: str) -> None:
    """The second import of the same files counts all rows unchanged and writes no journal entry."""
    import_delivery(ask(SOUND, url))
    with Store.open(url) as store:
        facts, entries = store.read_facts(), store.entries()
    counts = import_delivery(ask(SOUND, url)).counts
    assert {(count.inserted, count.updated) for count in counts.values()} == {(0, 0)}
    with Store.open(url) as store:
        assert_equal_facts(facts, store.read_facts())
        assert entries == store.entries()


def test_a_faulty_delivery_writes_nothing(tmp_path: Path, url: str) -> None:
    """One error anywhere, and not even the store is made."""
    done = import_delivery(ask(faulty_copy(tmp_path / "in"), url))
    assert (done.is_done, (tmp_path / "city.db").exists()) == (False, False)


def test_a_dry_run_writes_nothing(tmp_path: Path, url: str) -> None:
    """A dry run counts as the import would and leaves neither store nor workbook."""
    aside = tmp_path / "aside.xlsx"
    done = import_delivery(ask(faulty_copy(tmp_path / "in"), url, set_aside=aside, is_dry_run=True))
    assert (done.counts["households"].inserted, done.set_aside) == (1, ("H1", "H2"))
    assert not aside.exists()
    assert not (tmp_path / "city.db").exists()


def test_faulty_households_go_aside_whole_and_come_back_mended(tmp_path: Path, url: str) -> None:
    """The sound household is imported; the workbook, mended cell by cell, brings the others."""
    aside = tmp_path / "aside.xlsx"
    done = import_delivery(ask(faulty_copy(tmp_path / "in"), url, set_aside=aside, language="en"))
    assert (done.is_done, done.set_aside) == (True, ("H1", "H2"))
    with Store.open(url) as store:
        assert store.read_facts().households["receipt_no"].tolist() == ["H3"]
        assert store.set_aside_receipts() == ["H1", "H2"]
    mended = tmp_path / "mended.xlsx"
    _mend(aside, mended)
    assert import_delivery(ask(mended, url)).is_done
    with Store.open(url) as store:
        assert_equal_facts(read_delivery(SOUND, synthetic_ids=True).facts, store.read_facts())
        assert store.set_aside_receipts() == []


def _sheets(path: Path) -> dict[str, list[list[str]]]:
    with python_calamine.CalamineWorkbook.from_path(str(path)) as workbook:
        return {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}


def _mend(aside: Path, mended: Path) -> None:
    """What the clerk does: two cells, everything else as it stands, reason columns included."""
    sheets = _sheets(aside)
    wishes = pd.DataFrame(sheets["preferences"])
    assert wishes.iloc[1:, 0].tolist() == ["H1", "H1", "H2"]
    sheets["preferences"][2][1] = "2"
    income = sheets["households"][0].index("income_per_year")
    assert sheets["households"][2][income] == "-52000"
    sheets["households"][2][income] = "52000"
    with xlsxwriter.Workbook(str(mended)) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)


def test_the_workbook_says_why(tmp_path: Path, url: str) -> None:
    """Every set-aside row stands as delivered, and the reason column names column and cure."""
    aside = tmp_path / "aside.xlsx"
    import_delivery(ask(faulty_copy(tmp_path / "in"), url, set_aside=aside, language="en"))
    sheets = _sheets(aside)
    assert [row[0] for row in sheets["members"][1:]] == ["H1", "H1", "H2"]
    assert sheets["households"][2][-1].startswith("income_per_year: '-52000' is negative")
    assert sheets["households"][1][-1] == ""
    assert len(sheets["dwellings"]) == 1


def test_a_formula_goes_aside_as_text(tmp_path: Path, url: str) -> None:
    """A cell that would run a command stands in the workbook as a string."""
    folder, aside = sound_copy(tmp_path / "in"), tmp_path / "aside.xlsx"
    replace_in(folder / "members.csv", "甲一", "=1+1")
    import_delivery(ask(folder, url, set_aside=aside, language="en"))
    assert _sheets(aside)["members"][1][1] == "=1+1"


def test_everyone_in_a_doubled_person_goes_aside(tmp_path: Path, url: str) -> None:
    """Of two households that share a person neither slips in."""
    folder, aside = sound_copy(tmp_path / "in"), tmp_path / "aside.xlsx"
    with (folder / "members.csv").open("a", encoding="utf-8") as stream:
        stream.write("H3,乙二,999999199202020026,other,female,1992-02-02,\n")
    assert import_delivery(ask(folder, url, set_aside=aside)).set_aside == ("H1", "H3")


@pytest.mark.parametrize("table", ["projects", "dwellings", "employers"])
def test_a_fault_of_no_household_refuses_everything(table: str, tmp_path: Path, url: str) -> None:
    """A wrong project, dwelling or employer cannot be set aside."""
    folder, aside = faulty_copy(tmp_path / "in"), tmp_path / "aside.xlsx"
    path = folder / f"{table}.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + path.read_text(encoding="utf-8").splitlines()[1] + "\n"
    )
    assert not import_delivery(ask(folder, url, set_aside=aside)).is_done
    assert not aside.exists()


def test_a_workbook_is_never_overwritten(tmp_path: Path, url: str) -> None:
    """A workbook that exists may hold work half done: refused, and so is another ending."""
    aside = tmp_path / "aside.xlsx"
    aside.write_text("mine")
    with pytest.raises(Refused):
        import_delivery(ask(SOUND, url, set_aside=aside))
    with pytest.raises(WrongUsage):
        import_delivery(ask(SOUND, url, set_aside=tmp_path / "aside.csv"))
    assert aside.read_text() == "mine"


def test_a_failing_write_leaves_store_and_folder_as_they_were(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the workbook cannot be written, the households that were sound are not kept either."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    import_delivery(ask(SOUND, url))
    folder, aside = faulty_copy(tmp_path / "in"), tmp_path / "aside.xlsx"
    replace_in(folder / "households.csv", "39000", "39001")
    monkeypatch.setattr(deliveries, "write_set_aside", full_disk)
    with pytest.raises(OSError, match="No space"):
        import_delivery(ask(folder, url, set_aside=aside))
    with Store.open(url) as store:
        assert_equal_facts(read_delivery(SOUND, synthetic_ids=True).facts, store.read_facts())
    assert not aside.exists()


def test_the_store_remembers_policy_and_rehearsal(url: str) -> None:
    """--policy and --synthetic-ids of an import are settings of the store; the next import needs neither."""
    import_delivery(ask(SOUND, url, policy_name="example"))
    with Store.open(url) as store:
        assert (store.setting("policy"), store.setting("synthetic_ids")) == ("example", "yes")
    assert import_delivery(Ask(SOUND, url)).is_done


def test_the_policy_says_who_is_accepted(url: str) -> None:
    """example takes synthetic people, beijing does not; nothing of a policy is assumed without one."""
    assert not check_delivery(Ask(SOUND, policy_name="example")).has_errors
    assert check_delivery(Ask(SOUND, policy_name="beijing")).has_errors
    assert check_delivery(Ask(SOUND)).has_errors


def test_a_check_against_a_store_knows_what_it_holds(tmp_path: Path, url: str) -> None:
    """With a store, references may be satisfied by it, and nothing is written."""
    import_delivery(ask(SOUND, url))
    folder = sound_copy(tmp_path / "in")
    (folder / "projects.csv").write_text((SOUND / "projects.csv").read_text().splitlines()[0] + "\n")
    assert check_delivery(Ask(folder, None, synthetic_ids=True)).has_errors
    assert not check_delivery(Ask(folder, url, synthetic_ids=True)).has_errors
