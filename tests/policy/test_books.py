"""Policy books: dates, documents, fingerprints, and that the law is data."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from allocator import policy
from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes
from allocator.policy.differences import differences
from allocator.policy.files_in import SHIPPED
from allocator.policy.page import page
from allocator.policy.quantities import QUANTITIES
from allocator.policy.shown import Words
from allocator.screening.counting import COUNTED

ON = date(2026, 3, 1)
ROOT = Path(__file__).parents[2]
SOUND = Path(__file__).parent / "sound"


@pytest.mark.parametrize("name", policy.shipped())
def test_every_shipped_law_is_sound_on_every_day_it_changes(name: str) -> None:
    """From the day it is whole, a shipped law is in force on each day of change and the day before the next."""
    book = policy.load(name)
    first = max(versions[0].first for versions in book.sections.values())
    days = {day + timedelta(days=shift) for day in book.days_of_change() for shift in (-1, 0, 1)}
    for day in sorted(day for day in days if day >= first):
        assert day == book.in_force(day).on
    with pytest.raises(Refused) as caught:
        book.in_force(first - timedelta(days=1))
    assert caught.value.code == "policy_not_in_force"


@pytest.mark.parametrize("name", policy.shipped())
def test_what_held_is_published_as_canonical_json(name: str) -> None:
    """``in_force.json`` is canonical, without floats, and carries what the commitment must equal."""
    content = policy.load(name).published_files(ON)["in_force.json"]
    document = json.loads(content)
    assert content == canonical_bytes(document)
    assert {"mechanism", "housing_first", "dwelling_rule"} <= set(document["allocation"])
    assert isinstance(document["draw"]["skip_when_supply_suffices"], bool)


def test_the_mechanisms_are_those_the_law_names() -> None:
    """The law that has people choose in order is serial; the optimum cites its local rule."""
    mechanisms = {name: policy.load(name).in_force(ON).allocation for name in ("beijing", "example")}
    assert mechanisms["beijing"].mechanism == "serial"
    assert mechanisms["example"].mechanism == "band_optimum"
    assert mechanisms["example"].local_rule


def test_the_example_is_for_rehearsals() -> None:
    """Only the example takes synthetic IDs and has a stand-in; a real authority has neither."""
    example, real = (policy.load(name).in_force(ON) for name in ("example", "beijing"))
    assert example.authority.rehearsal_only
    assert example.authority.accepts_synthetic_ids
    assert re.fullmatch(example.draw.sources[0].form, example.draw.stand_in or "")
    assert not real.authority.rehearsal_only
    assert not real.authority.accepts_synthetic_ids
    assert real.draw.stand_in is None


def test_old_dates_keep_old_rules() -> None:
    """A day of 2014 has no rent subsidy of 2015, and the difference between the days says so."""
    book = policy.load("beijing")
    before, after = book.in_force(date(2014, 6, 1)), book.in_force(date(2016, 6, 1))
    assert before.tenancy.subsidy is None
    assert [tier.share_per_mille for tier in after.tenancy.subsidy.tiers] == [950, 900, 700, 500, 250, 100]
    found = {difference.key: difference for difference in differences(before, after)}
    assert found["tenancy.subsidy"].before == "-"
    assert found["tenancy.subsidy.area_cap_cm2"].after == "600000"
    assert all(difference.key.startswith("tenancy.") for difference in found.values())
    assert all(d.text("zh") and d.text("en") for d in found.values())


def test_a_law_does_not_differ_from_itself() -> None:
    """Equal documents give no difference."""
    book = policy.load("example")
    assert differences(book.in_force(ON), book.in_force(ON + timedelta(days=1))) == []


def test_a_folder_loads_as_a_shipped_law_does(tmp_path: Path) -> None:
    """A copy of a shipped law, given by its path, publishes the same bytes and has the same fingerprint."""
    folder = tmp_path / "city"
    shutil.copytree(SHIPPED / "example", folder)
    copied, shipped = policy.load(folder).published_files(ON), policy.load("example").published_files(ON)
    assert shipped == copied
    assert policy.fingerprint_of(shipped) == policy.fingerprint_of(copied)


def test_the_fingerprint_is_that_of_the_bundle_page() -> None:
    """The fingerprint is SHA-256 over the canonical JSON of name to SHA-256."""
    # sha256(b"x") = 2d71…; the JSON is {"a.toml":"2d71…"}
    inner = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    expected = policy.fingerprint_of({"a.toml": b"x"})
    command = f'import hashlib;print(hashlib.sha256(b\'{{"a.toml":"{inner}"}}\').hexdigest())'
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert expected == "sha256:" + done.stdout.strip()


def test_any_altered_byte_alters_the_fingerprint() -> None:
    """A space more in a law file is another fingerprint."""
    files = policy.load("example").published_files(ON)
    for name in files:
        assert policy.fingerprint_of(files) != policy.fingerprint_of(files | {name: files[name] + b" "})


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", policy.shipped())
def test_the_page_shows_every_criterion_with_its_article(name: str, language: str) -> None:
    """The page names each criterion asked, with its source and how sure it is."""
    law = policy.load(name).in_force(ON)
    shown = page(law, language)
    for criterion in law.screening.used():
        rule = law.screening.criteria[criterion]
        assert f"- {rule.description_zh if language == 'zh' else rule.description_en}" in shown
        assert f"{rule.reference} [{rule.tag}]" in shown


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", policy.shipped())
def test_the_page_is_words_and_no_keys(name: str, language: str) -> None:
    """A lawyer reads no identifier of the file: nothing with an underscore stands on the page of any day."""
    book = policy.load(name)
    for on in (day for day in book.days_of_change() if day >= book.first_day()):
        assert re.findall(r"\b\w+_\w+\b", page(book.in_force(on), language)) == []


@pytest.mark.parametrize("name", policy.shipped())
def test_every_rule_of_a_shipped_law_carries_its_approver(name: str) -> None:
    """In the document of every day each sourced rule names who approves it, and how sure that is."""

    def bare(value: object) -> list[object]:
        if isinstance(value, list):
            return [found for inner in value for found in bare(inner)]
        if not isinstance(value, dict):
            return []
        own = [value] if "reference" in value and not (value["approved_by"] and value["approved_tag"]) else []
        return own + [found for inner in value.values() for found in bare(inner)]

    book = policy.load(name)
    for on in (day for day in book.days_of_change() if day >= book.first_day()):
        document = book.in_force(on).document()
        assert "reference" in document["tenancy"]
        assert bare(document) == []


def test_the_page_is_the_whole_law() -> None:
    """Modes, sub-rounds, the draw, the month and filing stand on the page as the criteria do."""
    shown = page(policy.load("beijing").in_force(ON), "en")
    for words in (
        "owner: the private landlord",
        "accessible and low dwellings for those in need, then each employer's own stock",
        "source: drand public beacon",
        "draw on day 9",
        "choice in order",
        "within 5 working days of signing",
        "arrears of rent of more than 6 months in all",
        "any of these ways:",
    ):
        assert words in shown


def test_amounts_are_shown_exactly() -> None:
    """Base units come back as the number the law file has."""
    amount = Words("en", None, None).amount
    told = [
        amount(1500, 100),
        amount(1550, 100),
        amount(1505, 100),
        amount(75_000, 10_000),
        amount(10**8, 100),
    ]
    assert told == ["15", "15.5", "15.05", "7.5", "1,000,000"]


def test_every_quantity_of_the_law_is_counted() -> None:
    """What a law may bound, screening counts, and nothing else."""
    assert {name for name, quantity in QUANTITIES.items() if quantity.form == "bound"} == set(COUNTED)


def test_no_authority_is_named_in_python() -> None:
    """Authorities stand in data alone: no Python file of the engine names one."""
    names = [name for name in policy.shipped() if name != "example"]
    names += ["北京", "徐州", "重庆", "浦东", "xuzhou", "chongqing", "pudong"]
    pattern = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    files = [*(ROOT / "allocator").rglob("*.py"), *(ROOT / "scenarios").rglob("*.py"), ROOT / "cli.py"]
    assert [str(file) for file in files if pattern.search(file.read_text(encoding="utf-8"))] == []


def test_listing_laws_loads_nothing_heavy() -> None:
    """``policy list`` reads neither pandas nor pydantic."""
    command = (
        "import sys; from allocator.office import policies; policies.listed();"
        "print(sorted({'pandas', 'pydantic', 'numpy', 'ortools'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
