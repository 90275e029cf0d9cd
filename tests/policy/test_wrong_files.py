"""Wrong law files: one kept per mistake, refused with file, key and cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from allocator import policy
from allocator.errors import Refused
from allocator.messages import text_of

HERE = Path(__file__).parent
SOUND = HERE / "sound"
WRONG = sorted(folder for folder in (HERE / "wrong").iterdir() if folder.is_dir())


def city(tmp_path: Path, *patches: Path) -> Path:
    """The sound law with these files laid over it."""
    folder = tmp_path / "city"
    shutil.copytree(SOUND, folder)
    for patch in patches:
        for file in patch.iterdir():
            shutil.copy(file, folder / file.name)
    return folder


def refusal(folder: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        policy.load(folder)
    return caught.value


@pytest.mark.parametrize("mistake", WRONG, ids=lambda folder: folder.name)
def test_each_mistake_is_refused_in_its_words(mistake: Path, tmp_path: Path) -> None:
    """A wrong law is refused with exactly the sentences written at the head of the wrong file."""
    (file,) = mistake.iterdir()
    lines = file.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix("# expects: ") for line in lines if line.startswith("# expects: ")]
    refused = refusal(city(tmp_path, mistake))
    assert expected == [fault.text("en") for fault in refused.params["faults"]]
    assert refused.exit_code == 3


@pytest.mark.parametrize("mistake", WRONG, ids=lambda folder: folder.name)
def test_each_mistake_is_told_in_chinese_too(mistake: Path, tmp_path: Path) -> None:
    """The refusal names every fault's file and key in Chinese as in English."""
    refused = refusal(city(tmp_path, mistake))
    chinese = text_of(refused.code, "zh", **refused.params)
    for fault in refused.params["faults"]:
        assert f"{fault.file}: {fault.key}: " in chinese
    assert "未载入" in chinese


def test_all_faults_of_a_folder_come_at_once(tmp_path: Path) -> None:
    """Faults of several files are told in one refusal, by file and key."""
    names = ["wrong_unit", "reversed_version", "tier_with_hole", "unknown_mechanism", "stages_out_of_order"]
    patches = [HERE / "wrong" / name for name in names if name != "reversed_version"]
    folder = city(tmp_path, *patches)
    criteria = (folder / "criteria.toml").read_text(encoding="utf-8")
    (folder / "criteria.toml").write_text(
        criteria.replace("until = 2015-12-31", "until = 2011-12-31"), encoding="utf-8"
    )
    codes = [fault.code for fault in refusal(folder).params["faults"]]
    assert codes == [
        "policy_reference_missing",
        "policy_calendar_order",
        "policy_unit_wrong",
        "policy_dates_reversed",
        "policy_tier_hole",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbf[[registry]]\n", "policy_file_bom"),
        ("[[registry]]\n# 依据".encode("gb18030"), "policy_file_encoding"),
        (b"\x00\x01\x02PK", "policy_file_malformed"),
        (b"a = " + b"[" * 5000, "policy_file_malformed"),
        (b"#" + b"x" * 2_000_001, "policy_file_too_large"),
        (b"registry = 5\n", "policy_not_dated"),
        (b"[[registry]]\nfrom = 1e999999999\n", "policy_not_a_date"),
    ],
    ids=["bom", "gb18030", "binary", "deep", "large", "number", "huge"],
)
def test_files_that_are_no_law_are_refused(content: bytes, code: str, tmp_path: Path) -> None:
    """A file in another encoding, a binary, a huge or a malformed one is refused by name."""
    folder = city(tmp_path)
    (folder / "registry.toml").write_bytes(content)
    faults = refusal(folder).params["faults"]
    assert (code, "registry.toml") in [(fault.code, fault.file) for fault in faults]


def test_a_link_to_outside_is_refused(tmp_path: Path) -> None:
    """What a law folder links to outside itself is not read."""
    folder = city(tmp_path)
    outside = tmp_path / "outside.toml"
    (folder / "registry.toml").rename(outside)
    (folder / "registry.toml").symlink_to(outside)
    codes = {fault.code for fault in refusal(folder).params["faults"]}
    assert "policy_file_outside" in codes


@pytest.mark.parametrize("file", sorted(file.name for file in SOUND.iterdir()))
def test_a_missing_file_is_named_by_its_sections(file: str, tmp_path: Path) -> None:
    """Without one of its files a law does not load, and the refusal names what is missing."""
    folder = city(tmp_path)
    (folder / file).unlink()
    codes = {fault.code for fault in refusal(folder).params["faults"]}
    assert "policy_section_missing" in codes


@pytest.mark.parametrize("kind", ["loop", "broken", "folder"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    """A circle of links, a link to nothing and a folder named like a law file are refused by name."""
    folder = city(tmp_path)
    place = folder / "registry.toml"
    place.unlink()
    if kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(place if kind == "loop" else folder / "nothing.toml")
    codes = {fault.code for fault in refusal(folder).params["faults"]}
    assert "policy_file_unreadable" in codes


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("ranking.toml", 'id = "children"', 'id = "points"'),
        ("criteria.toml", "criteria.income", "criteria.receipt_no"),
    ],
)
def test_names_of_the_frames_are_taken(file: str, before: str, after: str, tmp_path: Path) -> None:
    """A score line or criterion may not be named like a column that stands beside it."""
    folder = city(tmp_path)
    content = (folder / file).read_text(encoding="utf-8").replace(before, after)
    (folder / file).write_text(content, encoding="utf-8")
    assert "policy_twice" in {fault.code for fault in refusal(folder).params["faults"]}


def test_a_section_in_two_files_is_refused(tmp_path: Path) -> None:
    """A section stands in one file."""
    folder = city(tmp_path)
    shutil.copy(folder / "registry.toml", folder / "registry2.toml")
    (fault,) = refusal(folder).params["faults"]
    assert (fault.code, fault.file) == ("policy_section_twice", "registry2.toml")


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    """A policy that is neither shipped nor a folder is refused with the names that are."""
    refused = refusal(Path("no-such-city"))
    assert refused.code == "policy_not_found"
    assert "example" in str(refused.params["shipped"])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without a law file is no law."""
    codes = [fault.code for fault in refusal(tmp_path).params["faults"]]
    assert "policy_folder_empty" in codes
