"""Whole rounds under a lottery: chances stated, certified, drawn from the round's seed, and told to the households."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from allocator import policy
from allocator.audit import verify_bundle
from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.office import frozen, rounds
from allocator.office.acts import Act
from allocator.office.chance_words import STATED, percent
from allocator.office.explaining import explain
from allocator.policy.page import page
from allocator.rounds.odds import odds
from allocator.store import Store
from scenarios.population import city
from tests.audit import judges
from tests.audit.worlds import dump, rehashed, write
from tests.declared.authority import LAWS, authority
from tests.declared.letters import codes_told
from tests.declared.lotteries import NAMES, law, lottery_law
from tests.declared.test_rounds import imported
from tests.forgery.altering import CATALOGUE, Files, altered, cells_of, put_cells
from tests.forgery.true_rounds import MONTH, Inputs, Published, publish

Rounds = dict[str, Published]
laws = pytest.mark.parametrize("name", NAMES)
HOUSEHOLDS = 320


@pytest.fixture(scope="module")
def lottery_rounds(tmp_path_factory: pytest.TempPathFactory) -> Rounds:
    """A city through the month up to the bundles, under each lottery."""
    facts = city(HOUSEHOLDS, seed=11, world="shortage")
    base = tmp_path_factory.mktemp("lotteries")
    return {name: publish(Inputs(facts, str(law(base / f"law-{name}", name))), base / name) for name in NAMES}


def chances_of(files: Files) -> dict[str, dict[str, Fraction]]:
    found: dict[str, dict[str, Fraction]] = {}
    for code, pool, chance in cells_of(files, "chances.csv")[1:]:
        found.setdefault(code, {})[pool] = Fraction(chance)
    return found


@laws
def test_both_judges_accept_every_bundle(name: str, lottery_rounds: Rounds) -> None:
    """Arrays and verify.py, the latter alone with plain Python, accept each sub-round's bundle."""
    assert len(lottery_rounds[name].folders) == 3
    for folder in lottery_rounds[name].folders.values():
        assert [check for check in verify_bundle(folder) if not check.holds] == []
        words = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0


@laws
def test_chances_are_lawful_and_the_draw_keeps_them(name: str, lottery_rounds: Rounds) -> None:
    """Nobody is more than certain; each pool and the whole round house their expectation, rounded down or up."""
    files = lottery_rounds[name].files("public")
    table = chances_of(files)
    assert all(sum(row.values()) <= 1 for row in table.values())
    expected = Counter[str]()
    for row in table.values():
        for pool, chance in row.items():
            expected[pool] += chance
    held = cells_of(files, "result.csv")[1:]
    filled = Counter(pool for _, pool, _ in held)
    assert all(abs(filled[pool] - expected[pool]) < 1 for pool in expected | filled)
    assert all(pool in table[code] for code, pool, _ in held)
    assert any(0 < sum(row.values()) < 1 for row in table.values())
    whole = json.loads(files["certificate.json"])["expected_housed"]
    assert Fraction(whole) == sum(expected.values())


@laws
def test_every_chance_and_figure_is_bound(name: str, lottery_rounds: Rounds, tmp_path: Path) -> None:
    """Any fraction of chances.csv or of the certificate altered, re-hashed, is found by both judges."""
    check_bound(lottery_rounds[name].files("public"), random.Random(5), 4, tmp_path)


@pytest.mark.slow
@laws
def test_many_chances_and_figures_are_bound(name: str, lottery_rounds: Rounds, tmp_path: Path) -> None:
    """The same at many places of every sub-round's bundle."""
    for sub_round in lottery_rounds[name].folders:
        check_bound(lottery_rounds[name].files(sub_round), random.Random(6), 12, tmp_path / sub_round)


def check_bound(files: Files, rng: random.Random, places: int, base: Path) -> None:
    for number in range(places):
        rows = cells_of(files, "chances.csv")
        row = rng.choice(rows[1:])
        row[2] = str(Fraction(row[2]) + Fraction(rng.choice([-1, 1]), 10**12))
        changed = dict(files)
        put_cells(changed, "chances.csv", rows)
        folder = write(base / f"chance{number}", rehashed(changed))
        assert judges.verdicts(folder) == (False, False), row
    document = json.loads(files["certificate.json"])
    known = figures(document)
    for number, (holder, key) in enumerate(rng.sample(known, min(places, len(known)))):
        kept = holder[key]
        holder[key] = kept + 1 if isinstance(kept, int) else str(Fraction(kept) + 1)
        forged = rehashed({**files, "certificate.json": dump(document)})
        holder[key] = kept
        folder = write(base / f"figure{number}", forged)
        assert judges.verdicts(folder) == (False, False), key


def figures(value: object) -> list[tuple[dict | list, str | int]]:
    """Where every number and every fraction of a document stands."""
    found = []
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        inner = value[key]
        is_number = isinstance(inner, int) or (
            isinstance(inner, str) and inner[:1].isdigit() and key != "format"
        )
        found += [(value, key)] if is_number else figures(inner)
    return found


def move_chance(files: Files, rng: random.Random) -> None:
    """Two households of one pool: one gets a little more of it, the other as much less; all sums stay."""
    rows = cells_of(files, "chances.csv")
    pairs = [
        (one, other)
        for one in rows[1:]
        for other in rows[1:]
        if one[1] == other[1] and one[0] < other[0] and Fraction(one[2]) + Fraction(1, 10**9) < 1
    ]
    one, other = rng.choice(pairs)
    step = min(Fraction(1, 10**9), Fraction(other[2]) / 2)
    one[2], other[2] = str(Fraction(one[2]) + step), str(Fraction(other[2]) - step)
    put_cells(files, "chances.csv", rows)


def trade_rows(files: Files, rng: random.Random) -> None:
    """Two lines change places."""
    rows = cells_of(files, "chances.csv")
    at = rng.randrange(2, len(rows))
    rows[at - 1], rows[at] = rows[at], rows[at - 1]
    put_cells(files, "chances.csv", rows)


def leave_out_a_row(files: Files, rng: random.Random) -> None:
    """A chance is left out."""
    rows = cells_of(files, "chances.csv")
    rows.pop(rng.randrange(1, len(rows)))
    put_cells(files, "chances.csv", rows)


def twice(files: Files, rng: random.Random) -> None:
    """A chance stands twice."""
    rows = cells_of(files, "chances.csv")
    at = rng.randrange(1, len(rows))
    rows.insert(at, rows[at])
    put_cells(files, "chances.csv", rows)


def otherwise_spelled(files: Files, rng: random.Random) -> None:
    """The same fraction, not in lowest terms."""
    rows = cells_of(files, "chances.csv")
    row = rng.choice(rows[1:])
    value = Fraction(row[2])
    row[2] = f"{2 * value.numerator}/{2 * value.denominator}"
    put_cells(files, "chances.csv", rows)


def without_chances(files: Files, _: random.Random) -> None:
    """The chances are not told."""
    del files["chances.csv"]


@pytest.mark.parametrize(
    "alter", [move_chance, trade_rows, leave_out_a_row, twice, otherwise_spelled, without_chances]
)
@laws
def test_forged_chances_are_refused(
    name: str, alter: Callable[[Files, random.Random], None], lottery_rounds: Rounds, tmp_path: Path
) -> None:
    """Chances moved, left out, told twice or spelled otherwise, re-hashed, are refused by both judges."""
    for number in range(2):
        files = dict(lottery_rounds[name].files("public"))
        alter(files, random.Random(number))
        folder = write(tmp_path / str(number), rehashed(files))
        assert judges.verdicts(folder) == (False, False)


RESULTS = ("swap pools", "give to an unhoused", "swap dwellings", "remove a housed", "move up")


@pytest.mark.parametrize("kind", RESULTS)
@laws
def test_another_result_is_not_what_the_seed_draws(
    kind: str, name: str, lottery_rounds: Rounds, tmp_path: Path
) -> None:
    """Whoever is put in another's place, moved in the order or declared gone: both judges see it."""
    for number in range(2):
        changed = altered(lottery_rounds[name].files("public"), kind, number)
        assert changed is not None
        assert judges.verdicts(write(tmp_path / str(number), changed)) == (False, False)


@pytest.mark.slow
@laws
def test_every_known_alteration_is_refused(name: str, lottery_rounds: Rounds, tmp_path: Path) -> None:
    """The whole catalogue of alterations against each sub-round's bundle."""
    for sub_round in lottery_rounds[name].folders:
        files = lottery_rounds[name].files(sub_round)
        for number, kind in enumerate(CATALOGUE):
            changed = altered(files, kind, number)
            if changed is not None:
                folder = write(tmp_path / f"{sub_round}{number}", changed)
                assert judges.verdicts(folder) == (False, False), kind


def test_chances_stand_in_no_other_bundle(lottery_rounds: Rounds, tmp_path: Path) -> None:
    """A mechanism that is no lottery has no chances, and a bundle that shows some is refused."""
    files = dict(publish(Inputs(city(60, seed=11, world="shortage")), tmp_path / "round").files("public"))
    assert "chances.csv" not in files
    files["chances.csv"] = b"code,pool,chance\n"
    assert judges.verdicts(write(tmp_path / "bundle", rehashed(files))) == (False, False)


@laws
def test_chances_are_told_before_the_draw(name: str, tmp_path: Path) -> None:
    """When the roster is published, every household's chances lie beside the commitment and in its letter."""
    inputs = Inputs(city(150, seed=11, world="shortage"), str(law(tmp_path / "law", name)))
    act = imported(inputs, tmp_path)
    for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
        rounds.do(stage, MONTH, act)
    lines = (act.out / MONTH / "bundle" / "chances.csv").read_text(encoding="utf-8").split("\n")
    code = lines[1].split(",")[0]
    told = explain(MONTH, receipt_of(act, code), act.store_url)
    assert told.figures["sub_rounds"]["public"]["chances"] == {
        pool: chance for own, pool, chance in (line.split(",") for line in lines[1:-1]) if own == code
    }
    assert any(said.startswith("told_chance_any") for said, _ in told.sentences)


def receipt_of(act: Act, code: str) -> str:
    with Store.open(act.store_url) as store:
        roster = store.frame(MONTH, "public", "roster")
    return str(roster.set_index("code")["receipt_no"][code])


@laws
def test_letters_read_in_both_languages(name: str, lottery_rounds: Rounds) -> None:
    """Each letter tells the chance of every choice without a gap, and the notice says that positions do not decide."""
    month = lottery_rounds[name].folders["public"].parent
    codes = codes_told(lottery_rounds[name], 8)
    assert codes >= {"told_position_lottery", "told_not_drawn", "told_chance_none"}
    assert codes & {"told_first_choice", "told_drawn_later_choice"}
    assert "chances.csv" in (month / "notices" / "order.html").read_text(encoding="utf-8")


@laws
def test_odds_are_the_chances_themselves(name: str, lottery_rounds: Rounds, tmp_path: Path) -> None:
    """Asked for the odds of the public sub-round alone, nothing is simulated: each is the chance stated before the draw."""
    base = lottery_rounds[name].folders["public"].parents[2]
    rules = policy.load(law(tmp_path / "law", name)).in_force(date(2026, 3, 2)).allocation
    with Store.open(f"sqlite:///{base / 'store.db'}") as store:
        public = frozen.load(store, MONTH, "public")
        stated = store.frame(MONTH, "public", STATED)
    found = odds([public], set(), rules, seed=1, num_draws=2)
    assert found.is_exact
    code_of = public.roster.set_index("receipt_no")["code"]
    rows = found.table[(found.table["rank"] > 0) & (found.table["chance"] > 0)]
    told = dict(
        zip(zip(rows["receipt_no"].map(code_of), rows["pool"], strict=True), rows["chance"], strict=True)
    )
    keys = zip(stated["code"], stated["pool"], strict=True)
    assert told == dict(zip(keys, (float(Fraction(one)) for one in stated["chance"]), strict=True))


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (Fraction(0), "0.00"),
        (Fraction(1), "100.00"),
        (Fraction(1, 3), "33.33"),
        (Fraction(1, 8), "12.50"),
        (Fraction(1, 10**6), "<0.01"),
        (1 - Fraction(1, 10**6), ">99.99"),
        # 1/20000 is half a hundredth of a percent: rounded up
        (Fraction(1, 20000), "0.01"),
    ],
)
def test_a_chance_in_words_is_never_certain_where_it_is_not(chance: Fraction, words: str) -> None:
    """Percentages are rounded exactly; only what is certain reads as 100, only what is impossible as 0."""
    assert percent(chance) == words


@laws
def test_what_parts_households_into_bands_is_refused(name: str, tmp_path: Path) -> None:
    """Under priority groups and points a lottery is refused when the law is read, with what to remove."""
    text = (LAWS / f"{name}.toml").read_text(encoding="utf-8")
    with pytest.raises(Refused) as caught:
        policy.load(authority(tmp_path / "law", text))
    (fault,) = caught.value.params["faults"]
    assert (fault.code, fault.params["by"]) == ("policy_lottery_one_band", "ranking.groups, ranking.lines")


def test_a_hard_minimum_is_no_rule_of_a_lottery(tmp_path: Path) -> None:
    """Who may leave after the draw could break a minimum: the law is refused, with what to declare instead."""
    text = (LAWS / "equal.toml").read_text(encoding="utf-8").replace("max = ", "min = ", 1)
    with pytest.raises(Refused) as caught:
        policy.load(lottery_law(tmp_path / "law", text))
    assert [fault.code for fault in caught.value.params["faults"]] == ["policy_minimum_lottery"]


@laws
def test_maxima_in_an_odd_cycle_are_refused_before_the_draw(name: str, tmp_path: Path) -> None:
    """A group's maximum over some pools together crosses lists and pools: found when the roster is published."""
    text = (LAWS / f"{name}.toml").read_text(encoding="utf-8")
    crossing = text.replace(
        'pools = { types = ["bed"] }\ngroups = ["migrants"]\nover = "each"',
        'pools = { types = ["bed", "studio"] }\ngroups = ["migrants"]\nover = "together"',
    )
    assert crossing != text
    inputs = Inputs(city(HOUSEHOLDS, seed=11, world="shortage"), str(lottery_law(tmp_path / "law", crossing)))
    act = imported(inputs, tmp_path)
    rounds.do(Stage.OPEN, MONTH, act)
    rounds.do(Stage.SCREEN, MONTH, act)
    with pytest.raises(Refused) as caught:
        rounds.do(Stage.PUBLISH_ROSTER, MONTH, act)
    assert caught.value.code == "mechanism_no_bihierarchy"


@pytest.mark.parametrize("language", ["zh", "en"])
@laws
def test_the_page_of_the_law_tells_the_lottery(name: str, language: str, tmp_path: Path) -> None:
    """The readable page names the mechanism and its maxima without a gap."""
    told = page(policy.load(law(tmp_path / "law", name)).in_force(date(2026, 3, 2)), language)
    assert "{" not in told
    assert told.count("外来务工人员" if language == "zh" else "migrant workers") >= 2
