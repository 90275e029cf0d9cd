"""``report round`` as a person meets it: the page, what is said of it, and the next command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.exchange import write_delivery
from allocator.model.enums import Stage
from allocator.office import rounds
from allocator.office.acts import Act
from scenarios.population import city
from tests.commands.conftest import Ended
from tests.office.conftest import MONTH, imported


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Act:
    """A small city's round, opened."""
    base = tmp_path_factory.mktemp("report")
    write_delivery(city(60, seed=3, world="shortage"), base / "files", "zh")
    act = imported(base / "files", base)
    rounds.do(Stage.OPEN, MONTH, act)
    return act


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_written_and_named(
    run: Callable[..., Ended], opened: Act, tmp_path: Path, lang: str
) -> None:
    """The page stands where stdout says, and stderr names the next command."""
    ended = run("report", "round", MONTH, "--store", opened.store_url, "--out", tmp_path, "--lang", lang)
    page = tmp_path / MONTH / "report.html"
    assert ended.code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert str(page) in ended.out
    assert "allocator round status" in ended.sentences[-1]


def test_a_dry_run_writes_nothing(run: Callable[..., Ended], opened: Act, tmp_path: Path) -> None:
    """A dry run says where the page would stand, in words and as JSON, and writes no file."""
    words = ("report", "round", MONTH, "--store", opened.store_url, "--out", tmp_path, "--dry-run")
    assert run(*words).code == 0
    told = json.loads(run(*words, "--json").out)
    assert (told["dry_run"], told["page"]) == (True, str(tmp_path / MONTH / "report.html"))
    assert list(tmp_path.iterdir()) == []
