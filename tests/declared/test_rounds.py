"""Whole rounds under declared rules: frozen, committed to, published, judged, and told to the households."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.audit import verify_bundle
from allocator.errors import Refused
from allocator.model.canonical import sha256_hex
from allocator.model.enums import Stage
from allocator.office import rounds
from allocator.office.acts import Act
from allocator.publicity.leaks import leaks_in_files
from scenarios.population import city
from tests.audit import judges
from tests.declared.authority import LAWS, NAMES, authority
from tests.declared.conftest import HOUSEHOLDS
from tests.declared.letters import codes_told
from tests.forgery.true_rounds import MONTH, Inputs, Published, publish

Rounds = dict[str, Published]
laws = pytest.mark.parametrize("name", NAMES)
TIERS = (LAWS / "tiers.toml").read_text(encoding="utf-8")


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    head, *rows = (line.split(",") for line in files[name].decode().split("\n")[:-1])
    return [dict(zip(head, row, strict=True)) for row in rows]


@laws
def test_both_judges_accept_every_bundle(name: str, true_rounds: Rounds) -> None:
    """Arrays and verify.py, the latter alone with plain Python, accept each sub-round's bundle."""
    for folder in true_rounds[name].folders.values():
        assert [check for check in verify_bundle(folder) if not check.holds] == []
        words = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0


@laws
def test_rules_stand_in_the_public_bundle_alone(name: str, true_rounds: Rounds) -> None:
    """``groups.csv`` and ``rules.json`` are in the public sub-round's bundle, with their hashes in the commitment."""
    for sub_round in true_rounds[name].folders:
        files = true_rounds[name].files(sub_round)
        committed = json.loads(files["commitment.json"])
        found = {key: sha256_hex(files[file]) for file, key in RULES.items() if file in files}
        assert found == {key: committed[key] for key in RULES.values() if key in committed}
        assert len(found) == (2 if sub_round == "public" else 0)


RULES = {"groups.csv": "groups_sha256", "rules.json": "rules_sha256"}


def test_every_kind_of_rule_is_at_work(true_rounds: Rounds) -> None:
    """Under the three laws tiers, reserves kept and released, and maxima on one pool and on several all bind somebody."""
    certificates = {name: json.loads(true_rounds[name].files("public")["certificate.json"]) for name in NAMES}
    cutoffs = certificates["tiers"]["cutoffs"].values()
    assert overtaken(true_rounds["tiers"].files("public"))
    assert any(worst for figures in cutoffs for worst in figures.get("reserved", []))
    assert any(figures.get("max") for figures in cutoffs)
    choosing = certificates["choosing"]
    assert any(used for positions in choosing["reserved"].values() for used in positions)
    assert {name.partition("@")[0] for name in choosing["maxima"]} >= {"migrants_in_estates"}
    assert certificates["released"]["mechanism"] == "serial"
    assert certificates["released"]["cutoffs"]
    optimum = certificates["optimum"]
    assert optimum["reserved_filled"] > 0
    assert any("|" in leaf for band in optimum["bands"] for leaf in (*band["closing"], *band["prices"]))


def overtaken(files: dict[str, bytes]) -> list[tuple[str, str]]:
    """Who lost a place at a pool with tiers and nothing else to a later position, with that pool."""
    rules = json.loads(files["rules.json"])
    others = {entry["pool"] for entry in rules["reserves"]} | {
        pool for entry in rules["quotas"] for pool in entry["pools"]
    }
    position = {row["code"]: int(row["position"]) for row in table(files, "order.csv")}
    held = {row["code"]: row["pool"] for row in table(files, "result.csv")}
    last: dict[str, int] = {}
    for code, pool in held.items():
        last[pool] = max(last.get(pool, 0), position[code])
    gone = {row["code"] for row in table(files, "removals.csv")}
    return [
        (row["code"], row["pool"])
        for row in table(files, "preferences.csv")
        if row["pool"] in set(rules["priority"]) - others
        and row["code"] not in held
        and row["code"] not in gone
        and position[row["code"]] < last.get(row["pool"], 0)
    ]


@laws
def test_nobody_stands_alone_in_a_cell(name: str, true_rounds: Rounds) -> None:
    """Of every combination of groups there are no households in the bundle, or ten and more; nothing personal stands there."""
    published = true_rounds[name]
    files = published.files("public")
    own: dict[str, list[str]] = {row["code"]: [] for row in table(files, "roster.csv")}
    for row in table(files, "groups.csv"):
        own[row["code"]].append(row["group"])
    cells = Counter(map(tuple, own.values()))
    assert len(cells) > 2
    assert min(cells.values()) >= 10
    facts = city(HOUSEHOLDS, seed=11, world="shortage")
    people = (list(facts.members["name"]), list(facts.members["id_number"]))
    assert leaks_in_files(files, *people, list(facts.households["receipt_no"])) == []


def test_rules_are_told_before_the_draw(tmp_path: Path) -> None:
    """When the roster is published, ``rules.json`` lies beside the commitment that fingerprints it."""
    act = act_of(tmp_path, TIERS)
    for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
        done = rounds.do(stage, MONTH, act)
    folder = act.out / MONTH / "bundle"
    committed = json.loads((folder / "commitment.json").read_bytes())
    assert committed["rules_sha256"] == sha256_hex((folder / "rules.json").read_bytes())
    merged = json.loads((folder / "rules.json").read_bytes())["merged"]
    told = [params["groups"] for code, params in done.said if code == "groups_merged"]
    assert told == ([", ".join(merged)] if merged else [])


def act_of(base: Path, allocation: str, households: int = 150) -> Act:
    """A store with a small city under that allocation, before the round is opened."""
    published = Inputs(city(households, seed=11, world="shortage"), str(authority(base / "law", allocation)))
    return imported(published, base)


def imported(inputs: Inputs, base: Path) -> Act:
    from allocator.exchange import write_delivery
    from allocator.office.deliveries import Ask, import_delivery

    write_delivery(inputs.facts, base / "files", "en")
    url = f"sqlite:///{base / 'store.db'}"
    import_delivery(Ask(base / "files", store_url=url, policy_name=inputs.policy, synthetic_ids=True))
    return Act(store_url=url, policy_name=inputs.policy, out=base / "out")


def refused_roster(base: Path, allocation: str, households: int = 150) -> Refused:
    act = act_of(base, allocation, households)
    rounds.do(Stage.OPEN, MONTH, act)
    rounds.do(Stage.SCREEN, MONTH, act)
    with pytest.raises(Refused) as caught:
        rounds.do(Stage.PUBLISH_ROSTER, MONTH, act)
    assert not (act.out / MONTH / "bundle").exists()
    return caught.value


def test_a_small_group_that_must_not_be_merged_stops_the_roster(tmp_path: Path) -> None:
    """A right that may not lapse is not published with a cell under ten: the roster waits until the law says how."""
    text = TIERS.replace('when_small = "merge"', 'when_small = "refuse"', 1)
    assert refused_roster(tmp_path, text).code == "group_too_small"


def test_maxima_that_cross_are_refused_before_the_draw(tmp_path: Path) -> None:
    """Two maxima of one pool whose groups share households cannot be served, and that is found before anything is drawn."""
    crossing = TIERS[
        TIERS.index("[[allocation.quotas]]") : TIERS.index('[[allocation.quotas]]\nid = "kept_empty"')
    ]
    crossing = crossing.replace("migrants_at_most", "others_at_most").replace(
        '["migrants"]', '["migrants", "city"]'
    )
    fault = refused_roster(tmp_path, TIERS + "\n" + crossing)
    assert fault.code in {"mechanism_max_overlapping", "mechanism_max_crosses_reserve"}


def test_quotas_that_cross_are_refused_before_the_draw(tmp_path: Path) -> None:
    """Under ``band_optimum`` two bounds that meet without nesting are found before anything is drawn."""
    text = (LAWS / "optimum.toml").read_text(encoding="utf-8")
    text = text.replace(
        'pools = { types = ["bed"] }\ngroups = ["migrants"]', 'pools = {}\ngroups = ["city", "migrants"]'
    )
    assert refused_roster(tmp_path, text, HOUSEHOLDS).code == "rules_cross"


@laws
def test_letters_read_in_both_languages(name: str, true_rounds: Rounds) -> None:
    """Every letter of the round is told without a gap, and the reasons of the declared rules occur."""
    codes = codes_told(true_rounds[name], 14)
    if name == "optimum":
        assert codes & {"told_stood_behind", "told_filled_or_kept", "told_better_pool"}
    elif name == "choosing":
        assert codes & {"told_stood_behind", "told_never_open", "told_better_pool_serial"}
    else:
        assert codes & {"told_standing_open", "told_standing_shut", "told_standing_maximum"}


def test_a_law_without_declared_rules_has_no_files_of_them(tmp_path: Path) -> None:
    """Under ``example`` as shipped the bundle holds the files it always held, and the commitment its keys."""
    published = publish(Inputs(city(60, seed=11, world="shortage")), tmp_path)
    files = published.files("public")
    assert not set(RULES) & set(files)
    assert not set(RULES.values()) & set(json.loads(files["commitment.json"]))
    assert judges.verdicts(published.folders["public"]) == (True, True)


def test_rows_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    """Groups and resolved rules do not hang on the order of the delivered rows."""
    facts = city(150, seed=11, world="shortage")
    tables = {
        name: frame.sample(frac=1, random_state=5).reset_index(drop=True)
        for name, frame in vars(facts).items()
    }
    shuffled = replace(facts, **(tables | {"preferences": facts.preferences}))
    policy = str(authority(tmp_path / "law", TIERS))
    one, other = (
        publish(Inputs(each, policy), tmp_path / str(at)) for at, each in enumerate((facts, shuffled))
    )
    for name in RULES:
        assert one.files("public")[name] == other.files("public")[name]
