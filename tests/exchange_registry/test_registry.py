"""The registry file: parts and manifest."""

from __future__ import annotations

import csv
import io
import json
import stat
import sys

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import Refused
from allocator.exchange.registry import (
    content_fingerprint,
    export_files,
    folder_name,
    manifest_of,
    neutral,
    plain,
    write_export,
)
from allocator.exchange.registry_check import check_export, read_export
from allocator.model.canonical import canonical_bytes, sha256_hex

from .records import ROWS, record, records_frame

ANY_FOLDER = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def files_of(frame, *, rows_per_part=2, number=1, rehearsal=False, kind="full"):
    return export_files(
        frame,
        authority="example",
        month="2026-03",
        number=number,
        kind=kind,
        rehearsal=rehearsal,
        rows_per_part=rows_per_part,
    )


def three():
    return records_frame(record(1), record(2, rent_fen=60_000), record(3, action="cancel"))


@pytest.fixture
def folder(tmp_path):
    write_export(files_of(three()), tmp_path / "export")
    return tmp_path / "export"


def codes(folder):
    return sorted({problem.code for problem in check_export(folder)})


def test_manifest_counts_its_parts():
    """The manifest counts records, tombstones, parts and sums; cancelled leases are in no sum."""
    files = files_of(three())
    manifest = manifest_of(files)
    assert list(files) == ["manifest.json", "leases-2026-03-001-pt0001.csv", "leases-2026-03-001-pt0002.csv"]
    assert [part["rows"] for part in manifest["parts"]] == [2, 1]
    assert [part["sha256"] for part in manifest["parts"]] == [
        sha256_hex(content) for name, content in files.items() if name.endswith(".csv")
    ]
    assert (manifest["record_count"], manifest["tombstone_count"]) == (3, 1)
    # 500 + 600 yuan; 2 x 350 yuan
    assert manifest["controls"] == {"rent_fen": 110_000, "subsidy_fen": 70_000}


def test_parts_are_rfc_4180():
    """A part is UTF-8 without BOM, lines end with CRLF, quotes stand only where they are needed."""
    part = files_of(records_frame(record(1, applicant_name='欧阳·"甲",乙')))["leases-2026-03-001-pt0001.csv"]
    lines = part.decode("utf-8").split("\r\n")
    assert not part.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith("action,lease_no,receipt_no,applicant_name,applicant_id_number")
    assert '"欧阳·""甲"",乙"' in lines[1]
    assert lines[2] == ""


@ANY_FOLDER
@given(ROWS, st.integers(1, 5))
def test_parts_give_the_records_back(tmp_path_factory, frame, rows_per_part):
    """What is read from the parts is what was exported, whatever the names hold and wherever the parts break."""
    place = tmp_path_factory.mktemp("export") / "x"
    write_export(files_of(frame, rows_per_part=rows_per_part), place)
    back, problems = read_export(place)
    assert problems == []
    pd.testing.assert_frame_equal(back, frame)


@settings(deadline=None, max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_same_records_give_same_bytes(frame, random):
    """Row order does not reach the files."""
    places = list(range(len(frame)))
    random.shuffle(places)
    assert files_of(frame) == files_of(frame.iloc[places])


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_control_sums_equal_the_parts(frame):
    """The sums of the manifest are the sums of the rows filed, fen by fen."""
    files = files_of(frame)
    rows = [
        row
        for name, content in files.items()
        if name.endswith(".csv")
        for row in csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    ]
    filed = [row for row in rows if row["action"] == "file"]
    manifest = manifest_of(files)
    assert manifest["record_count"] == len(rows)
    assert manifest["controls"] == {
        "rent_fen": sum(int(row["rent_fen"]) for row in filed),
        "subsidy_fen": sum(int(row["subsidy_fen"]) for row in filed),
    }


@given(st.text(max_size=20))
def test_neutral_text_is_no_formula_and_comes_back(text):
    """No text begins like a formula, and the text comes back as it was."""
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert plain(neutral(text)) == text


def test_an_empty_export_is_a_manifest_alone(tmp_path):
    """A month without leases is exported too: a manifest that counts nothing."""
    files = files_of(records_frame())
    assert list(files) == ["manifest.json"]
    write_export(files, tmp_path / "x")
    assert check_export(tmp_path / "x") == []


def test_a_rehearsal_is_marked():
    """A rehearsal is marked in the manifest and in the name of its folder."""
    assert manifest_of(files_of(three(), rehearsal=True))["rehearsal"] is True
    assert folder_name("2026-03", 1, rehearsal=True) == "rehearsal-registry-2026-03-001"


def test_content_is_compared_without_the_number():
    """Equal content under another number is known as equal; other content is not."""
    first, second = manifest_of(files_of(three())), manifest_of(files_of(three(), number=2))
    other = manifest_of(files_of(records_frame(record(1))))
    assert content_fingerprint(first) == content_fingerprint(second)
    assert content_fingerprint(first) != content_fingerprint(other)


@pytest.mark.parametrize("wrong", [{"applicant_name": None}, {"lease_no": "ZL202603000001"}])
def test_gaps_and_doubles_never_leave(wrong):
    """A record with a gap, or a lease that stands twice, is not exported."""
    with pytest.raises(ValueError, match="missing value"):
        files_of(records_frame(record(1), record(2, **wrong)))


@pytest.mark.skipif(sys.platform == "win32", reason="permission bits")
def test_only_the_owner_reads_it(folder):
    """The files hold names and ID numbers: 0600 in a folder 0700."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()} == {0o600}


def test_writing_again_changes_nothing(folder):
    """The same export written again is the same folder."""
    before = {entry.name: entry.stat().st_mtime_ns for entry in folder.iterdir()}
    write_export(files_of(three()), folder)
    assert before == {entry.name: entry.stat().st_mtime_ns for entry in folder.iterdir()}


def test_other_files_are_not_overwritten(folder):
    """A folder that holds something else is refused and left as it is."""
    (folder / "manifest.json").write_bytes(b"{}")
    with pytest.raises(Refused) as fault:
        write_export(files_of(three()), folder)
    assert fault.value.code == "registry_folder_occupied"
    assert (folder / "manifest.json").read_bytes() == b"{}"
    assert [entry.name for entry in folder.parent.iterdir()] == [folder.name]


def test_a_sound_export_checks(folder):
    """What was written is what the manifest says."""
    assert check_export(folder) == []


PART = "leases-2026-03-001-pt0001.csv"


def _rewrite(folder, **changes):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(canonical_bytes({**manifest, **changes}))


def _alter_part(folder, old, new, *, rehash):
    content = (folder / PART).read_bytes().replace(old, new)
    (folder / PART).write_bytes(content)
    if rehash:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        manifest["parts"][0]["sha256"] = sha256_hex(content)
        _rewrite(folder, **manifest)


@pytest.mark.parametrize(
    ("alter", "expected"),
    [
        (lambda f: (f / "manifest.json").unlink(), ["registry_manifest_missing"]),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff{"), ["registry_manifest_malformed"]),
        (lambda f: (f / "manifest.json").write_bytes(b"[" * 100_000), ["registry_manifest_malformed"]),
        (lambda f: _rewrite(f, format="other/1"), ["registry_manifest_malformed"]),
        (lambda f: _rewrite(f, schema_version=2), ["registry_manifest_malformed"]),
        (lambda f: _rewrite(f, note="x"), ["registry_manifest_malformed"]),
        (lambda f: _rewrite(f, parts=[{"name": "../x.csv", "rows": 1, "sha256": "0" * 64}]),
         ["registry_manifest_malformed"]),
        (lambda f: _rewrite(f, record_count=4), ["registry_total_differs"]),
        (lambda f: _rewrite(f, tombstone_count=0), ["registry_total_differs"]),
        (lambda f: _rewrite(f, controls={"rent_fen": 110_001, "subsidy_fen": 70_000}), ["registry_total_differs"]),
        (lambda f: (f / PART).unlink(), ["registry_part_missing"]),
        (lambda f: (f / "more.csv").write_bytes(b""), ["registry_file_unlisted"]),
        (lambda f: _alter_part(f, b"50000", b"50001", rehash=False), ["registry_part_altered"]),
        (lambda f: _alter_part(f, b"50000", b"50001", rehash=True), ["registry_total_differs"]),
        (lambda f: _alter_part(f, b"50000", b"-5000", rehash=True), ["registry_part_malformed"]),
        (lambda f: _alter_part(f, b"2026-03-26", b"2026-02-30", rehash=True), ["registry_part_malformed"]),
        (lambda f: _alter_part(f, b"file,", b"keep,", rehash=True), ["registry_part_malformed"]),
        (lambda f: _alter_part(f, b"lease_no", b"lease_id", rehash=True), ["registry_part_malformed"]),
        (lambda f: _alter_part(f, b"\xe5", b"\xff", rehash=True), ["registry_part_malformed"]),
        (lambda f: _alter_part(f, b"ZL202603000002", b"ZL202603000001", rehash=True), ["registry_lease_twice"]),
    ],
)  # fmt: skip
def test_every_alteration_is_found(folder, alter, expected):
    """Whatever is changed in the folder is named; nothing ends in a crash."""
    alter(folder)
    assert codes(folder) == expected


def test_a_dropped_row_is_counted(folder):
    """A row taken out and hashed again is missed by the count."""
    content = (folder / PART).read_bytes().split(b"\r\n")
    kept = b"\r\n".join([content[0], content[1], b""])
    (folder / PART).write_bytes(kept)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["parts"][0]["sha256"] = sha256_hex(kept)
    _rewrite(folder, **manifest)
    assert codes(folder) == ["registry_rows_differ"]
