"""The commitment, its roots and its merged counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.model.canonical import merkle_root, sha256_hex
from allocator.publicity import commitment as commitments
from allocator.publicity import tables as csvs
from tests.publicity.recomputed import VECTORS, root
from tests.publicity.worlds import CODES, FEW, committed, shuffled, text_frame, three_families_two_flats

PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", PUBLISHED["merkle"], ids=lambda example: f"{example['size']} leaves")
def test_merkle_roots_equal_the_published_vectors(example):
    """The root over 'leaf 0', 'leaf 1', ... is that of RFC 9162."""
    leaves = [f"leaf {number}".encode() for number in range(example["size"])]
    assert merkle_root(leaves) == example["root"]


def test_roster_leaf_equals_the_published_vector():
    """The leaf's bytes and the root of it alone."""
    example = PUBLISHED["roster_leaf"]
    roster = text_frame(**{name: [example[name]] for name in ("code", "band", "points", "salt")})
    lists = text_frame(
        code=[example["code"]] * 3, rank=[1, 2, 2], pool=["P1/two_room", "P2/studio", "P3/studio"]
    )
    assert [leaf.hex() for leaf in commitments.roster_leaves(roster, lists)] == [example["leaf_hex"]]
    assert commitments.roster_root(roster, lists) == example["root_alone"]


def test_receipt_leaf_equals_the_published_vector():
    """The leaf's bytes and the root of it alone."""
    example = PUBLISHED["receipt_leaf"]
    receipts = text_frame(**{name: [example[name]] for name in ("receipt_no", "class", "salt")})
    assert [leaf.hex() for leaf in commitments.receipt_leaves(receipts)] == [example["leaf_hex"]]
    assert commitments.receipts_root(receipts) == example["root_alone"]


def test_leaves_of_three_families():
    """By code, with '>' where the rank rises, '=' where it is equal, and nothing without a list."""
    world = three_families_two_flats()
    a, b, c = CODES
    expected = [
        f"{a}\t0\t30\t{'a' * 32}\tP1>P3=P2",
        f"{b}\t0\t20\t{'b' * 32}\tP2",
        f"{c}\t1\t5\t{'c' * 32}\t",
    ]
    leaves = commitments.roster_leaves(world["roster"], world["preferences"])
    assert [leaf.decode() for leaf in leaves] == expected


wishes = st.dictionaries(
    st.sampled_from([f"C{number}" for number in range(8)]),
    st.lists(st.tuples(st.booleans(), st.sampled_from("PQRST")), min_size=1, max_size=6),
)


@FEW
@given(wishes, st.randoms(use_true_random=False))
def test_lists_of_any_households_equal_the_plain_reading(filed, chance):
    """Written household by household: each pool with the sign of its rank, households in any order."""
    rows, expected = [], {}
    blocks = list(filed.items())
    chance.shuffle(blocks)
    for code, choices in blocks:
        rank, line = 0, ""
        for place, (rises, pool) in enumerate(choices):
            rank += 1 if rises or place == 0 else 0
            line += ("" if place == 0 else ">" if rises else "=") + pool
            rows.append((code, rank, pool))
        expected[code] = line
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    code, rank, pool = (list(column) for column in columns)
    assert dict(commitments.lists_of(text_frame(code=code, rank=rank, pool=pool))) == expected


def test_preferences_of_a_stranger_are_refused():
    """A list without a household would be lost from the root without a word."""
    world = three_families_two_flats()
    strangers = text_frame(code=["ZZZZZZZZZZZZ"], rank=[1], pool=["P1"])
    with pytest.raises(ValueError, match="not on the roster"):
        commitments.roster_root(world["roster"], strangers)


def test_commitment_of_three_families_field_by_field():
    """Every field of bundle.md with its value, and canonical bytes."""
    world = three_families_two_flats()
    content = committed(world)
    document = json.loads(content)
    leaves = commitments.roster_leaves(world["roster"], world["preferences"])
    receipts = [f"SL{n}\t{'ineligible' if n == 4 else 'roster'}\t{str(n) * 32}".encode() for n in range(1, 5)]
    assert document == {
        "format": "allocator-commitment/1",
        "month": "2026-03",
        "sub_round": "public",
        "rehearsal": True,
        "policy_fingerprint": "sha256:" + "0" * 64,
        "rules": {"mechanism": "band_optimum", "housing_first": False, "dwelling_rule": "order"},
        "roster": {"count": 3, "root": root(leaves).hex()},
        "pools": {"count": 3, "places": 2, "sha256": sha256_hex(csvs.pools_csv(world["pools"]))},
        "dwellings_sha256": sha256_hex(csvs.dwellings_csv(world["dwellings"])),
        "receipts": {
            "total": 4,
            # 3 + 1 = 4 is under ten and no class is left to hide behind.
            "by_class": {
                "incomplete": 0,
                "set_aside": 0,
                "withdrawn": 0,
                "housed": 0,
                "frozen": 0,
                "merged": 4,
            },
            "root": root(receipts).hex(),
        },
        "previous_manifest": "",
        "draw": {
            "ceremony": True,
            "source": "beacon",
            "moment": "2026-03-15T10:00:00+08:00",
            "fallbacks": ["notary"],
            "form": "[0-9a-f]{32}",
        },
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content == text.encode()


@FEW
@given(st.randoms(use_true_random=False))
def test_commitment_does_not_hang_on_row_order(chance):
    """Shuffled roster, pools, dwellings and receipts give the same bytes."""
    world = three_families_two_flats()
    other = {
        name: frame if name == "preferences" else shuffled(frame, chance) for name, frame in world.items()
    }
    assert committed(other) == committed(world)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"roster": 100, "ineligible": 20}, {"roster": 100, "ineligible": 20}),
        # 3 + 4 = 7 is under ten, so the next smallest (12) goes in too: 19.
        ({"roster": 100, "ineligible": 12, "incomplete": 3, "frozen": 4}, {"roster": 100, "merged": 19}),
        # 6 + 5 = 11 hides both.
        (
            {"roster": 100, "ineligible": 12, "incomplete": 6, "frozen": 5},
            {"roster": 100, "ineligible": 12, "merged": 11},
        ),
        # Exactly ten stands; nine does not, and the roster, smaller still, is spared: it is published anyway.
        (
            {"roster": 11, "ineligible": 30, "housed": 10, "frozen": 9},
            {"roster": 11, "ineligible": 30, "merged": 19},
        ),
        ({"roster": 100, "housed": 10}, {"roster": 100, "housed": 10}),
        ({"roster": 11, "ineligible": 30, "frozen": 9}, {"roster": 11, "merged": 39}),
        ({"roster": 100, "frozen": 1}, {"merged": 101}),
        ({"roster": 3}, {"merged": 3}),
        ({}, {}),
    ],
)
def test_cells_under_ten_are_merged(counts, shown):
    """Small classes are added up, with the next smallest while the sum is itself small."""
    merged = commitments.merged_classes(counts)
    assert {name: count for name, count in merged.items() if count} == shown


@FEW
@given(st.dictionaries(st.sampled_from(commitments.CLASSES), st.integers(0, 40)))
def test_no_cell_from_one_to_nine_is_left_and_nobody_is_lost(counts):
    """The total stays; a small cell can only be the whole city."""
    merged = commitments.merged_classes(counts)
    assert sum(merged.values()) == sum(counts.values())
    assert all(count == 0 or count >= 10 or count == sum(counts.values()) for count in merged.values())


def test_an_unknown_class_is_refused():
    """A class the format does not know is a bug, not a count."""
    with pytest.raises(ValueError, match="not a class"):
        commitments.merged_classes({"lost": 3})


@pytest.mark.parametrize(
    ("places", "households", "may_skip", "needed"),
    [
        (10, 11, True, True),
        (10, 10, True, False),
        (11, 10, True, False),
        (11, 10, False, True),
        (0, 0, True, False),
    ],
)
def test_the_ceremony_is_skipped_only_by_rule_and_with_enough_places(places, households, may_skip, needed):
    """As many places as households are enough; without the policy's word there is always a ceremony."""
    assert commitments.needs_ceremony(places, households, may_skip) is needed


@FEW
@given(st.integers(1, 40), st.data())
def test_a_path_leads_from_every_leaf_to_the_root_and_from_no_other(size, data):
    """Each leaf with its path gives the root; a changed leaf does not."""
    leaves = [f"leaf {number}".encode() for number in range(size)]
    place = data.draw(st.integers(0, size - 1))
    path = commitments.path_of(leaves, place)
    assert commitments.leaf_is_under(merkle_root(leaves), leaves[place], path)
    assert not commitments.leaf_is_under(merkle_root(leaves), leaves[place] + b"x", path)
