"""What earlier months leave behind: lost draws, waivers beyond the limit, bans."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.office import cases, explaining, history, rounds
from allocator.office import month as months
from allocator.office.acts import Act
from allocator.store import Store
from tests.office.test_duplicates import (  # noqa: F401 (base is a fixture)
    APPLICANT,
    SPOUSE,
    ask,
    base,
    household,
    import_delivery,
    next_delivery,
    person,
    set_standing,
)

MARCH, APRIL = "2026-03", "2026-04"


def act_on(base: Path) -> Act:  # noqa: F811
    """The act on the test's store."""
    return Act(store_url=f"sqlite:///{base / 'store.db'}", policy_name="example", out=base / "out")


def verdicts(act: Act, month: str) -> dict[str, str]:
    """Open and screen a month; verdict by receipt."""
    for stage in (Stage.OPEN, Stage.SCREEN):
        rounds.do(stage, month, act)
    with Store.open(act.store_url) as store:
        people = store.frame(month, "", "people")
    return dict(zip(people["receipt_no"], people["verdict"], strict=True))


def test_lost_rounds_are_those_who_stood_and_got_nothing(fresh: object) -> None:
    """After two closed months: for each receipt, months on a roster minus months with a place, counted by hand."""
    act = fresh()
    for month in (MARCH, APRIL):
        months.run(month, act, months.Wishes(answers="random:1"))
    with Store.open(act.store_url) as store:
        expected: dict[str, int] = {}
        for month in (MARCH, APRIL):
            stood, housed = set(), set()
            for name in store.round(month).sub_rounds:
                roster, result = store.frame(month, name, "roster"), store.frame(month, name, "result")
                code = dict(zip(roster["receipt_no"], roster["code"], strict=True))
                stood |= set(code)
                housed |= {receipt for receipt in code if code[receipt] in set(result["code"])}
            for receipt in stood - housed:
                expected[receipt] = expected.get(receipt, 0) + 1
        found, march = history.lost_rounds(store), history.lost_rounds(store, before=APRIL)
    assert dict(zip(found["receipt_no"], found["num_lost"], strict=True)) == expected
    # Nothing new was delivered: who got nothing in April had got nothing in March, or had waived what it got.
    assert 2 in set(found["num_lost"]) <= {1, 2}
    assert set(march["num_lost"]) == {1}


def test_an_open_round_is_not_lost_yet(fresh: object) -> None:
    """Before the month is closed nobody has lost it."""
    act = fresh()
    months.run(MARCH, act, months.Wishes())
    with Store.open(act.store_url) as store:
        assert history.lost_rounds(store).empty


def test_lost_draws_reach_the_score(fresh: object, tmp_path: Path) -> None:
    """Under a law with five points a lost draw, who lost March has five points more in April than without the line."""
    import shutil

    from allocator.policy.files_in import SHIPPED

    folder = tmp_path / "law"
    shutil.copytree(SHIPPED / "example", folder)
    page = next(path for path in folder.glob("*.toml") if "[[ranking.lines]]" in path.read_text("utf-8"))
    line = '\n[[ranking.lines]]\nid = "lost"\nrule = "lost_rounds"\neach = 5\ncap = 20\nreference = "x"\ntag = "M"\n'
    line += 'description_zh = "以往未中"\ndescription_en = "Draws lost"\n\n[[ranking.lines]]'
    page.write_text(page.read_text("utf-8").replace("\n[[ranking.lines]]", line, 1), encoding="utf-8")
    act = fresh(str(folder))
    months.run(MARCH, act, months.Wishes(answers="random:1"))
    verdicts(act, APRIL)
    with Store.open(act.store_url) as store:
        lines = store.frame(APRIL, "", "score_lines").set_index("receipt_no")["lost"]
        lost = history.lost_rounds(store, before=APRIL).set_index("receipt_no")["num_lost"]
    expected = lost.reindex(lines.index, fill_value=0) * 5
    pd.testing.assert_series_equal(lines, expected, check_names=False)
    assert expected.max() == 5


def test_a_third_waiver_ends_the_case_and_a_new_application_begins_anew(base: Path) -> None:  # noqa: F811
    """Beyond the limit of two the receipt is on no roster though delivered again; a new receipt of the person is."""
    set_standing(base, "H3", "withdrawn", 3)
    again = [person("丁四", "999999198808080088", "applicant")]
    assert import_delivery(ask(next_delivery(base, again, "H3", "2025-02-03"), base)).is_done
    assert import_delivery(ask(next_delivery(base, again, "H9"), base)).is_done
    found = verdicts(act_on(base), MARCH)
    assert "H3" not in found
    assert "H9" in found
    assert household(base, "H9")[0] == "2026-02-01"


def banned(base: Path) -> Act:  # noqa: F811
    """H1's applicant is barred from 2025-06-15 for the 60 months of ``example``: until 2030-06-15."""
    act = act_on(base)
    cases.ban("H1", act, since=date(2025, 6, 15), reason="转租", approver="李主任")
    return act


def test_a_ban_follows_the_person_to_a_new_application(base: Path) -> None:  # noqa: F811
    """The barred applicant is ineligible under a new receipt, alone or as a co-applicant; his former wife is not."""
    act = banned(base)
    import_delivery(ask(next_delivery(base, [person("甲一", APPLICANT, "applicant")], "H8"), base))
    import_delivery(ask(next_delivery(base, [person("乙二", SPOUSE, "applicant")], "H9"), base))
    found = verdicts(act, MARCH)
    assert found["H8"] == "INELIGIBLE"
    assert found["H9"] != "INELIGIBLE"
    assert "H1" not in found
    for receipt, is_told in (("H8", True), ("H9", False)):
        letter = "\n".join(explaining.explain(MARCH, receipt, act.store_url).lines("zh"))
        assert ("2030-06-15 之前不得再申请" in letter) is is_told


@pytest.mark.parametrize(("month", "verdict"), [("2030-06", "INELIGIBLE"), ("2030-07", "other")])
def test_a_ban_ends_on_its_day(base: Path, month: str, verdict: str) -> None:  # noqa: F811
    """2025-06-15 and 60 months: screened on 2030-06-02 he is barred, in July he is asked like everybody."""
    act = banned(base)
    import_delivery(ask(next_delivery(base, [person("甲一", APPLICANT, "applicant")], "H8"), base))
    assert (verdicts(act, month)["H8"] == "INELIGIBLE") is (verdict == "INELIGIBLE")


def test_a_ban_may_be_lifted(base: Path) -> None:  # noqa: F811
    """Once lifted with a second person's approval, the person is asked like everybody."""
    act = banned(base)
    cases.lift_ban("H1", act, on=date(2026, 1, 1), reason="复核撤销", approver="李主任")
    import_delivery(ask(next_delivery(base, [person("甲一", APPLICANT, "applicant")], "H8"), base))
    assert verdicts(act, MARCH)["H8"] != "INELIGIBLE"


def test_a_ban_the_law_does_not_name_is_refused(base: Path) -> None:  # noqa: F811
    """The day before the national rule came into force there was no ban: refused, neither standing nor journal changes."""
    act = Act(store_url=f"sqlite:///{base / 'store.db'}", policy_name="chongqing")
    with pytest.raises(Refused) as fault:
        cases.ban("H1", act, since=date(2012, 7, 14), reason="x", approver="李主任")
    assert fault.value.code == "case_ban_not_in_law"
    with Store.open(act.store_url) as store:
        assert history.bans(store).empty
        assert store.standings().empty


def test_status_and_page_data_tell_who_waits(sample_round: object) -> None:
    """The eligible without a place, by hand from the frozen frames: the same number in status and in the page's data."""
    from allocator.office.reports import figures_of

    act, _ = sample_round
    told = months.status(MARCH, act)
    with Store.open(act.store_url) as store:
        people = store.frame(MARCH, "", "people")
        housed = set()
        for name in store.round(MARCH).sub_rounds:
            roster, result = store.frame(MARCH, name, "roster"), store.frame(MARCH, name, "result")
            housed |= set(roster.loc[roster["code"].isin(result["code"]), "receipt_no"])
        figures = figures_of(store, MARCH)
    expected = len(set(people.loc[people["verdict"] == "ELIGIBLE", "receipt_no"]) - housed)
    waiting = told.figures["waiting"]
    assert waiting["households"] == expected > 0
    assert int(figures.waiting["num_households"].sum()) == expected - waiting["without_date"]
    assert figures.waiting_watch["ceiling_months"] == waiting["ceiling_months"] == 60
    assert [code for code, _ in told.said][-1] in {"waiting_watched", "waiting_ceiling"}
