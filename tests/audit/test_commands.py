"""``allocator verify`` and ``allocator certify`` from the gate."""

from __future__ import annotations

import json

import pytest

import cli
from tests.audit.test_certify import INSTANCE, solution
from tests.audit.worlds import files_of, five_households, sha, write


def test_verify_says_fine_and_what_it_did_not_compare(tmp_path, capsys):
    """A sound bundle exits 0 and names the outside values that were not given."""
    folder = write(tmp_path, files_of(five_households()))
    assert cli.run(["verify", str(folder), "--lang", "en"]) == 0
    printed = capsys.readouterr()
    assert "internally consistent" in printed.out
    assert "--commitment" in printed.err


def test_verify_says_where_a_fault_stands(tmp_path, capsys):
    """A broken bundle exits 1 and names the file, in Chinese and as JSON."""
    folder = write(tmp_path, files_of(five_households()))
    (folder / "order.csv").write_bytes(b"")
    assert cli.run(["verify", str(folder), "--lang", "zh"]) == 1
    assert "order.csv" in capsys.readouterr().out
    assert cli.run(["verify", str(folder), "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert [check["where"] for check in checks if not check["holds"]] == ["order.csv"]


def test_verify_compares_with_what_was_published_outside(tmp_path, capsys):
    """The right hash exits 0, another 1; a path that is no folder is wrong usage."""
    files = files_of(five_households())
    folder = write(tmp_path, files)
    assert cli.run(["verify", str(folder), "--commitment", sha(files["commitment.json"])]) == 0
    assert cli.run(["verify", str(folder), "--commitment", "0" * 64]) == 1
    assert cli.run(["verify", str(tmp_path / "nowhere")]) == 2
    capsys.readouterr()


def test_certify_prints_the_laws(tmp_path, capsys):
    """Laws that hold exit 0; a broken one exits 1 and stands in the JSON with its witnesses."""
    instance, fine, bad = (tmp_path / name for name in ("instance.json", "fine.json", "bad.json"))
    instance.write_text(json.dumps(INSTANCE))
    fine.write_text(json.dumps(solution()))
    bad.write_text(json.dumps(solution(certificate={})))
    assert cli.run(["certify", str(instance), str(fine), "--lang", "en"]) == 0
    assert "laws hold" in capsys.readouterr().out
    assert cli.run(["certify", str(instance), str(bad), "--json"]) == 1
    laws = json.loads(capsys.readouterr().out)["laws"]
    assert [law["law"] for law in laws if not law["holds"]] == ["certificate"]
    assert all(set(law) == {"law", "holds", "witnesses"} for law in laws)
    assert cli.run(["certify", str(instance), str(bad), "--lang", "en"]) == 1
    assert "broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[" * 100_000, b'{"a":NaN}', b"[]", b'{"assignment":{"A1":1e999}}']
)
def test_certify_of_a_broken_file_is_a_sentence(content, tmp_path, capsys):
    """A broken solution or instance exits 1, a missing file 2."""
    instance, bad = tmp_path / "instance.json", tmp_path / "bad.json"
    instance.write_text(json.dumps(INSTANCE))
    bad.write_bytes(content)
    assert cli.run(["certify", str(instance), str(bad)]) == 1
    assert cli.run(["certify", str(bad), str(instance)]) == 1
    assert cli.run(["certify", str(bad), str(tmp_path / "nowhere.json")]) == 2
    capsys.readouterr()
