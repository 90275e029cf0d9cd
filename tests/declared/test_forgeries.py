"""Forgeries of groups, rules and cutoffs: what is inconsistent both judges see, what is consistent the hashes outside."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.audit import verify_bundle
from allocator.model.canonical import sha256_hex
from scenarios.population import city
from tests.audit import judges
from tests.audit.worlds import dump, rehashed, write
from tests.declared.authority import LAWS, NAMES, authority
from tests.forgery.altering import Files, cells_of, put_cells, reseed
from tests.forgery.forging import household
from tests.forgery.test_consistent_forgeries import check_caught
from tests.forgery.true_rounds import Inputs, Published, publish

Rounds = dict[str, Published]
Alteration = Callable[[Files, random.Random], None]
TIERS = (LAWS / "tiers.toml").read_text(encoding="utf-8")
HASHES = {"groups.csv": "groups_sha256", "rules.json": "rules_sha256"}


def other_group(files: Files, rng: random.Random) -> None:
    """A household in another group."""
    rows = cells_of(files, "groups.csv")
    names = sorted({row[1] for row in rows[1:]})
    row = rng.choice(rows[1:])
    row[1] = rng.choice([name for name in names if name != row[1]])
    put_cells(files, "groups.csv", [rows[0], *sorted(rows[1:])])


def taken_into_a_group(files: Files, rng: random.Random) -> None:
    """A household in one group more."""
    rows = cells_of(files, "groups.csv")
    codes = {row[0] for row in cells_of(files, "roster.csv")[1:]}
    group = rng.choice(rows[1:])[1]
    inside = {row[0] for row in rows if row[1] == group}
    more = [rng.choice(sorted(codes - inside)), group]
    put_cells(files, "groups.csv", [rows[0], *sorted([*rows[1:], more])])


def put_out_of_a_group(files: Files, rng: random.Random) -> None:
    """A household in one group less."""
    rows = cells_of(files, "groups.csv")
    rows.pop(rng.randrange(1, len(rows)))
    put_cells(files, "groups.csv", rows)


def figure(*path: str) -> Alteration:
    """A number, name or yes-no of ``rules.json`` changed; ``*`` takes any key or place."""

    def alter(files: Files, rng: random.Random) -> None:
        document = json.loads(files["rules.json"])
        places = list(ways(document, path))
        if places:
            holder, key = rng.choice(places)
            holder[key] = changed(holder[key])
            files["rules.json"] = dump(document)

    return alter


def ways(value: object, path: tuple[str, ...]) -> Iterator[tuple[object, object]]:
    """Every holder and key at the end of the path."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if path[0] in {"*", key}:
            if len(path) == 1:
                yield value, key
            else:
                yield from ways(value[key], path[1:])


def changed(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[::-1] if value != value[::-1] else []
    return f"{value}x"


def merge_a_group(files: Files, rng: random.Random) -> None:
    """A group is told to be merged, its rules left standing."""
    document = json.loads(files["rules.json"])
    names = sorted({row[1] for row in cells_of(files, "groups.csv")[1:]})
    document["merged"] = sorted([*document["merged"], rng.choice(names)])
    files["rules.json"] = dump(document)


def drop_a_rule(kind: str) -> Alteration:
    """One resolved rule left out."""

    def alter(files: Files, rng: random.Random) -> None:
        document = json.loads(files["rules.json"])
        rules = document[kind]
        if rules:
            rules.pop(rng.choice(sorted(rules)) if isinstance(rules, dict) else rng.randrange(len(rules)))
            files["rules.json"] = dump(document)

    return alter


RULES: dict[str, Alteration] = {
    "a tier": figure("priority", "*", "tiers", "*"),
    "a tier's group": figure("priority", "*", "tiers", "*", "*"),
    "the others": figure("priority", "*", "others"),
    "reserved places": figure("reserves", "*", "places"),
    "a reserve's group": figure("reserves", "*", "group"),
    "a reserve's pool": figure("reserves", "*", "pool"),
    "a release": figure("reserves", "*", "release"),
    "a maximum": figure("quotas", "*", "max"),
    "a maximum's name": figure("quotas", "*", "id"),
    "a maximum's pools": figure("quotas", "*", "pools", "*"),
    "a maximum's groups": figure("quotas", "*", "groups", "*"),
    "a project's mode": figure("projects", "*", "supply_mode"),
    "the format": figure("format"),
    "no priority": drop_a_rule("priority"),
    "no reserve": drop_a_rule("reserves"),
    "no maximum": drop_a_rule("quotas"),
    "a merged group": merge_a_group,
}
GROUPS: dict[str, Alteration] = {
    one.__name__.replace("_", " "): one for one in (other_group, taken_into_a_group, put_out_of_a_group)
}


def recommitted(files: Files) -> None:
    """The commitment's hashes and the seed brought in line, as a careful forger would; the tickets stay."""
    committed = json.loads(files["commitment.json"])
    committed |= {key: sha256_hex(files[name]) for name, key in HASHES.items()}
    files["commitment.json"] = dump(committed)
    reseed(files)


def failing(folder: Path) -> set[str]:
    return {check.check for check in verify_bundle(folder) if not check.holds}


@pytest.mark.parametrize("kind", [*RULES, *GROUPS])
def test_an_altered_rule_or_group_is_refused_by_both_judges(
    kind: str, true_rounds: Rounds, tmp_path: Path
) -> None:
    """Re-hashed alone, or with the commitment brought in line: neither judge takes the bundle, and rules fail as rules."""
    alter = (RULES | GROUPS)[kind]
    tried = 0
    for at, name in enumerate(NAMES):
        files = true_rounds[name].files("public")
        altered = dict(files)
        alter(altered, random.Random(at))
        if altered == files:
            continue
        tried += 1
        folder = write(tmp_path / name, rehashed(altered))
        assert judges.verdicts(folder) == (False, False), name
        assert "rules" in failing(folder)
        recommitted(altered)
        folder = write(tmp_path / f"{name}-again", rehashed(altered))
        assert judges.verdicts(folder) == (False, False), name
        if kind in RULES:
            assert "rules" in failing(folder)
    assert tried


def test_every_figure_of_the_cutoffs_is_bound(true_rounds: Rounds, tmp_path: Path) -> None:
    """Any number of the certificate under declared rules changed by one is found by both judges."""
    rng = random.Random(7)
    for name in NAMES:
        files = true_rounds[name].files("public")
        for number in range(12):
            document = json.loads(files["certificate.json"])
            holder, key = rng.choice(list(whole_numbers(document)))
            holder[key] += rng.choice([-1, 1])
            folder = write(
                tmp_path / name / str(number), rehashed({**files, "certificate.json": dump(document)})
            )
            assert judges.verdicts(folder) == (False, False), (name, holder, key)


def whole_numbers(value: object) -> Iterator[tuple[object, object]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if isinstance(value[key], int) and not isinstance(value[key], bool):
            yield value, key
        else:
            yield from whole_numbers(value[key])


@pytest.mark.parametrize("left_out", [("groups.csv",), ("rules.json",), ("groups.csv", "rules.json")])
def test_rules_cannot_be_left_out(left_out: tuple[str, ...], true_rounds: Rounds, tmp_path: Path) -> None:
    """Where the law declares rules, a bundle without them is refused, the commitment's keys left out too."""
    files = dict(true_rounds["tiers"].files("public"))
    for name in left_out:
        del files[name]
        committed = json.loads(files["commitment.json"])
        del committed[HASHES[name]]
        files["commitment.json"] = dump(committed)
    assert judges.verdicts(write(tmp_path / "out", rehashed(files))) == (False, False)


def test_rules_cannot_be_slipped_in(true_rounds: Rounds, tmp_path: Path) -> None:
    """A sub-round under no declared rules is refused with them: who is of need is not ranked by a rule of the public one."""
    name = next(name for name in true_rounds["tiers"].folders if name != "public")
    files = dict(true_rounds["tiers"].files(name))
    files |= {file: true_rounds["tiers"].files("public")[file] for file in HASHES}
    recommitted(files)
    assert judges.verdicts(write(tmp_path / "in", rehashed(files))) == (False, False)


def other_law(old: str, new: str) -> Callable[[Inputs, Path], Inputs]:
    """The law itself with another rule, the whole round re-run."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        assert old in TIERS
        return replace(inputs, policy=str(authority(base / "law", TIERS.replace(old, new, 1))))

    return forge


CONSISTENT = {
    "a household's registration": household(
        "household_registration", "local_urban", household_registration="other"
    ),
    "a household's branch": household("branch", "new_employee", branch="migrant"),
    "a tier": other_law('[["city"], ["new_employees"]]', '[["new_employees"], ["city"]]'),
    "a quota's number": other_law('"1/5"', '"1/2"'),
    "a reserve's number": other_law('"1/4"', '"1/2"'),
    "a release": other_law("release = true", "release = false"),
}
FAST = ("a household's registration", "a quota's number")


@pytest.fixture(scope="module")
def true_round(tmp_path_factory: pytest.TempPathFactory) -> tuple[Inputs, Published]:
    base = tmp_path_factory.mktemp("consistent")
    inputs = Inputs(city(250, seed=13, world="shortage"), str(authority(base / "law", TIERS)))
    return inputs, publish(inputs, base)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CONSISTENT]
)
def test_a_consistent_forgery_is_caught_from_outside(
    name: str, true_round: tuple[Inputs, Published], tmp_path: Path
) -> None:
    """One group or rule changed and the whole round re-run: sound in itself, but not what was committed to."""
    inputs, true = true_round
    check_caught(true, publish(CONSISTENT[name](inputs, tmp_path), tmp_path / "forged"))
