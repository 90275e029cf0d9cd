"""房源组: what is interchangeable, and lists as ranked pools."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from allocator.model.enums import DwellingType
from allocator.supply import pools as pool_rules
from tests.supply.worlds import TYPES, people, wishes


def stock(*rows: tuple[str, str, str, int, str]) -> pd.DataFrame:
    """Open stock: dwelling_id, project_id, dwelling_type, rent, sex."""
    frame = pd.DataFrame(
        rows, columns=["dwelling_id", "project_id", "dwelling_type", "rent_per_m2_fen", "sex"]
    )
    frame["employer_id"] = ""
    frame["accessible"] = False
    frame["floor"] = 3
    return pool_rules.with_pool_names(frame)


def listed(wanted: pd.DataFrame, who: pd.DataFrame, of: pd.DataFrame) -> dict[str, list[tuple[int, str]]]:
    """Receipt -> [(rank, pool id)] in list order."""
    pools = pool_rules.pools_of(of)
    lists = pool_rules.ranked_pools(wanted, who, pools)
    told: dict[str, list[tuple[int, str]]] = {}
    for household, rank, pool in lists.itertuples(index=False):
        told.setdefault(who["receipt_no"].iloc[household], []).append((int(rank), pools["pool"].iloc[pool]))
    return told


TWO_RENTS = stock(
    ("D1", "P1", "one_room", 950, ""),
    ("D2", "P1", "one_room", 650, ""),
    ("D3", "P1", "one_room", 650, ""),
    ("D4", "P2", "studio", 800, ""),
)


def test_a_pool_is_project_type_sex_and_rent() -> None:
    """Dwellings of one project, type and rent are one pool; capacity counts them."""
    pools = pool_rules.pools_of(TWO_RENTS)
    assert list(zip(pools["pool"], pools["capacity"], strict=True)) == [
        ("P1-one_room-650", 2),
        ("P1-one_room-950", 1),
        ("P2-studio-800", 1),
    ]


def test_a_row_stands_for_its_pools_liked_equally_by_rent() -> None:
    """One row of a list names two rents: one rank for both, the lower rent first; the next row has rank 2."""
    who = people({"receipt_no": "A"})
    wanted = wishes(("A", 1, "P1", "one_room"), ("A", 5, "P2", "studio"))
    assert listed(wanted, who, TWO_RENTS) == {
        "A": [(1, "P1-one_room-650"), (1, "P1-one_room-950"), (2, "P2-studio-800")]
    }


def test_wildcards_name_all_a_household_may_take() -> None:
    """``*`` names every project or type the household is entitled to, at one rank."""
    who = people({"receipt_no": "A"}, {"receipt_no": "B", "one_room": False})
    wanted = wishes(("A", 1, "P2", "*"), ("A", 2, "*", "*"), ("B", 1, "*", "*"))
    assert listed(wanted, who, TWO_RENTS) == {
        "A": [(1, "P2-studio-800"), (2, "P1-one_room-650"), (2, "P1-one_room-950")],
        "B": [(1, "P2-studio-800")],
    }


def test_a_bed_is_for_its_sex() -> None:
    """A man does not get a place in a women's room, a family none at all."""
    beds = stock(("B1", "P1", "bed", 15000, "female"), ("B2", "P1", "bed", 15000, "male"))
    who = people(
        {"receipt_no": "F", "sex": "female"}, {"receipt_no": "M", "sex": "male"}, {"receipt_no": "X"}
    )
    wanted = wishes(("F", 1, "P1", "bed"), ("M", 1, "P1", "bed"), ("X", 1, "P1", "bed"))
    assert listed(wanted, who, beds) == {"F": [(1, "P1-bed-F-15000")], "M": [(1, "P1-bed-M-15000")]}


def test_an_employers_stock_is_for_its_staff() -> None:
    """A pool that an employer allocates is on the lists of its own staff only."""
    own = TWO_RENTS.assign(employer_id=["", "", "", "E1"])
    who = people({"receipt_no": "A", "employer_id": "E1"}, {"receipt_no": "B", "employer_id": "E2"})
    wanted = wishes(("A", 1, "P2", "studio"), ("B", 1, "P2", "studio"))
    assert listed(wanted, who, own) == {"A": [(1, "P2-studio-800")]}


def test_places_inside_a_pool_need_first() -> None:
    """In the sub-round of need the accessible dwelling stands first, then the lower floor."""
    some = TWO_RENTS[TWO_RENTS["pool"] == "P1-one_room-650"].assign(floor=[1, 2], accessible=[False, True])
    by_need = pool_rules.places_of(some, need_first=True)
    plain = pool_rules.places_of(some, need_first=False)
    assert list(by_need["dwelling_id"]) == ["D3", "D2"]
    assert list(plain["dwelling_id"]) == ["D2", "D3"]


_row = st.tuples(
    st.sampled_from(["A", "B"]),
    st.integers(1, 4),
    st.sampled_from(["P1", "P2", "P3", "*"]),
    st.sampled_from(["bed", "studio", "one_room", "*"]),
)
_home = st.tuples(
    st.sampled_from(["P1", "P2"]), st.sampled_from(["bed", "studio", "one_room"]), st.sampled_from([650, 950])
)


@given(
    st.lists(_row, max_size=6, unique_by=lambda row: row[:2]),
    st.lists(_home, min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=2 * len(TYPES), max_size=2 * len(TYPES)),
    st.randoms(use_true_random=False),
)
def test_lists_equal_the_definition(rows, homes, entitled, random) -> None:
    """Ranked pools are what the contract's sentence says, row by row, whatever the row order of the input."""
    of = stock(
        *(
            (f"D{number}", project, kind, rent, random.choice(["male", "female"]) if kind == "bed" else "")
            for number, (project, kind, rent) in enumerate(homes)
        )
    )
    who = people(
        {"receipt_no": "A", "sex": "male", **dict(zip(TYPES, entitled[:5], strict=True))},
        {"receipt_no": "B", "sex": "", **dict(zip(TYPES, entitled[5:], strict=True))},
    )
    wanted = wishes(*rows).sample(frac=1, random_state=random.randint(0, 9)) if rows else wishes()
    assert listed(wanted, who, of) == _by_definition(rows, who, of)


def _by_definition(rows, who, of):
    """The sentence of contract section 3, spelled out with plain loops."""
    pools = sorted(
        set(
            zip(
                of["pool"],
                of["project_id"],
                of["dwelling_type"],
                of["rent_per_m2_fen"],
                of["sex"],
                strict=True,
            )
        )
    )
    told = {}
    for _, person in who.iterrows():
        groups, seen = [], set()
        for _, _, project, kind in sorted(row for row in rows if row[0] == person["receipt_no"]):
            group = [
                (rent, name)
                for name, where, what, rent, sex in pools
                if project in ("*", where)
                and kind in ("*", what)
                and person[what]
                and sex in ("", person["sex"])
                and name not in seen
            ]
            seen |= {name for _, name in group}
            if group:
                groups.append([name for _, name in sorted(group)])
        if groups:
            told[person["receipt_no"]] = [
                (rank, name) for rank, group in enumerate(groups, 1) for name in group
            ]
    return told


def test_types_of_the_worlds_are_all_types() -> None:
    """The worlds know every dwelling type."""
    assert tuple(str(kind) for kind in DwellingType) == TYPES
