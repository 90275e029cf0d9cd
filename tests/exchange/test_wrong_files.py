"""One wrong file for each mistake, with the words it is told in."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from allocator.exchange import read_delivery
from allocator.exchange.wording import document_of
from allocator.messages import texts

from .deliveries import SOUND, WRONG

CASES = sorted(folder.name for folder in WRONG.iterdir() if folder != SOUND)
# Too large to keep, or no file at all: test_hostile.py makes them.
MADE_ELSEWHERE = {
    "applicant_succeeded",
    "file_not_regular",
    "formula_unsaved",
    "file_too_large",
    "line_too_long",
    "rows_ragged",
    "workbook_bomb",
    "sheet_too_sparse",
    "sheet_missing",
}


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_found_in_its_place_and_told_in_both_languages(case: str, tmp_path: Path) -> None:
    """A wrong file gives exactly its problems: code, file, row, column, value, severity and words."""
    expected = json.loads((WRONG / case / "expect.json").read_text(encoding="utf-8"))
    for folder in (SOUND, WRONG / case):
        for file in folder.iterdir():
            if not (folder == SOUND and file.name in expected["without"]) and file.name != "expect.json":
                shutil.copy(file, tmp_path)
    delivery = read_delivery(tmp_path, synthetic_ids=case != "id_synthetic", on=date(2026, 3, 1))
    found = []
    for problem in delivery.problems:
        document = document_of(problem, "zh")
        document["zh"], document["en"] = document.pop("message"), document_of(problem, "en")["message"]
        found.append(document)
    assert expected["problems"] == found


@pytest.mark.parametrize("case", CASES)
def test_the_mistake_a_folder_is_named_after_is_among_its_problems(case: str) -> None:
    """The expected problems of a folder hold the code of its name."""
    expected = json.loads((WRONG / case / "expect.json").read_text(encoding="utf-8"))
    assert case.removesuffix("_in_workbook") in {problem["code"] for problem in expected["problems"]}


def test_every_code_of_the_exchange_has_its_wrong_file() -> None:
    """No fault of data is without a kept wrong file, or a test that makes it."""
    sources = (Path(__file__).parents[2] / "allocator" / "exchange").glob("*.py")
    words = {word for source in sources for word in re.findall(r'"([a-z]+(?:_[a-z]+)+)"', source.read_text())}
    registry_words = {
        word
        for source in (Path(__file__).parents[2] / "allocator" / "exchange").glob("*.py")
        if source.name.startswith(("registry", "answers"))
        for word in re.findall(r'"([a-z]+(?:_[a-z]+)+)"', source.read_text())
    }
    not_faults = {"set_aside_not_xlsx", "set_aside_exists", "set_aside_guide", "set_aside_guide_sheet"}
    not_faults |= {"template_exists", "delivery_not_found"}
    not_faults |= {word for word in words if word.startswith("delivery_place_")}
    codes = ((words - registry_words) & set(texts("zh"))) - not_faults
    assert codes - set(CASES) - MADE_ELSEWHERE == set()


def test_the_sound_delivery_is_clean() -> None:
    """The delivery all wrong files are built on has no problem at all."""
    assert read_delivery(SOUND, synthetic_ids=True).problems == []
