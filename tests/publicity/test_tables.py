"""The CSV bytes of a bundle."""

import csv
import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from allocator.publicity import tables as csvs
from tests.publicity.worlds import CODES, FEW, shuffled, tables, text_frame, three_families_two_flats


def test_bytes_of_every_table_of_three_families():
    """The files of the smallest world, letter by letter."""
    world = three_families_two_flats()
    a, b, c = CODES
    assert csvs.roster_csv(world["roster"]).decode() == (
        f"code,band,points,salt\n{a},0,30,{'a' * 32}\n{b},0,20,{'b' * 32}\n{c},1,5,{'c' * 32}\n"
    )
    # P3 stands before P2 in the household's own list; their rank is the same.
    assert csvs.preferences_csv(world["preferences"]).decode() == (
        f"code,rank,pool\n{a},1,P1\n{a},2,P3\n{a},2,P2\n{b},1,P2\n"
    )
    assert csvs.pools_csv(world["pools"]).decode() == (
        "pool,project_id,dwelling_type,sex,rent_per_m2_fen,capacity\n"
        "P1,X,one_room,,1100,1\nP2,X,studio,,1200,1\nP3,Y,bed,F,30000,0\n"
    )
    assert csvs.dwellings_csv(world["dwellings"]).decode() == "pool,place,dwelling_id\nP1,1,X-01\nP2,1,X-02\n"
    assert csvs.removals_csv([c, a]).decode() == f"code\n{a}\n{c}\n"
    assert csvs.removals_csv([]) == b"code\n"


def test_result_without_a_household_is_its_header():
    """Nobody housed still gives a file."""
    empty = text_frame(code=[], pool=[], dwelling_id=[]).astype("str")
    assert csvs.result_csv(empty) == b"code,pool,dwelling_id\n"


@FEW
@given(tables)
def test_rows_come_back_from_the_csv_module(table):
    """Whatever the cells hold, the standard library reads back what was written."""
    written = csvs.csv_bytes(table, ("first", "number", "last"))
    rows = list(csv.reader(io.StringIO(written.decode("utf-8"), newline="")))
    expected = [[row.first, str(row.number), row.last] for row in table.itertuples()]
    assert rows == [["first", "number", "last"], *expected]


@FEW
@given(tables)
def test_quotes_stand_only_where_rfc_4180_needs_them(table):
    """A cell is quoted exactly if it holds a comma, a quote or a line end."""
    for raw, cell in zip(table["first"].tolist(), csvs.cells_of(table["first"]), strict=True):
        assert cell.startswith('"') is (raw.startswith('"') or any(mark in raw for mark in ',"\r\n'))


def test_text_is_utf8_without_bom_and_lines_end_with_a_newline():
    """The first byte is the header's, and there is no carriage return."""
    written = csvs.csv_bytes(text_frame(name=["房源", "·"]), ("name",))
    assert written == "name\n房源\n·\n".encode()


def test_missing_cells_are_empty_and_whole_numbers_stay_whole():
    """NA is nothing, not a word, and turns no integer into a decimal."""
    frame = pd.DataFrame(
        {"text": pd.Series(["a", None], dtype="str"), "number": pd.array([1, None], dtype="Int64")}
    )
    assert csvs.csv_bytes(frame, ("text", "number")) == b"text,number\na,1\n,\n"


@FEW
@given(st.lists(st.text(max_size=4), max_size=30))
def test_text_ranks_follow_code_points(texts):
    """No locale: the order is that of Python's strings."""
    distinct = sorted(set(texts))
    expected = [distinct.index(text) for text in texts]
    assert csvs.text_ranks(pd.Series(texts, dtype="str")).tolist() == expected


@FEW
@given(st.randoms(use_true_random=False))
def test_row_order_of_frames_does_not_matter(chance):
    """Shuffled rosters, pools and dwellings give the same bytes."""
    world = three_families_two_flats()
    for name, writer in (
        ("roster", csvs.roster_csv),
        ("pools", csvs.pools_csv),
        ("dwellings", csvs.dwellings_csv),
    ):
        assert writer(shuffled(world[name], chance)) == writer(world[name])


def test_lists_in_order_are_not_copied_and_others_are_put_in_order():
    """Sorting is by code, then rank; equal ranks keep the filed order."""
    mixed = text_frame(code=["B", "A", "B", "A"], rank=[2, 1, 1, 1], pool=["p", "q", "r", "o"])
    ordered = csvs.in_list_order(mixed)
    assert ordered["pool"].tolist() == ["q", "o", "r", "p"]
    assert csvs.in_list_order(ordered) is ordered


def test_ranks_out_of_order_are_put_in_order_though_the_codes_are_sorted():
    """A household's third choice delivered first still comes last."""
    mixed = text_frame(code=["A", "A", "A"], rank=[3, 1, 2], pool=["p", "q", "r"])
    assert csvs.in_list_order(mixed)["pool"].tolist() == ["q", "r", "p"]
