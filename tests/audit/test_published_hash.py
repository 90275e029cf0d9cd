"""The citizen's verifier is the one whose hash is published."""

import hashlib
import re
from pathlib import Path

import pytest

from allocator.audit import bundle, judge_bytes
from allocator.audit.bundle import EARLIER_JUDGES
from tests.audit import judges
from tests.audit.worlds import files_of, five_households, rehashed, write

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verifier.md"


def test_the_published_hash_is_the_verifiers() -> None:
    """``docs/reference/verifier.md`` names the SHA-256 of ``verify.py``; a change of one is a change of the other."""
    published = re.findall(r"`([0-9a-f]{64})`", PAGE.read_text(encoding="utf-8"))
    found = hashlib.sha256(judge_bytes()).hexdigest()
    assert published == [found, *EARLIER_JUDGES], (
        f"verify.py changed: write {found} into {PAGE.name} and say so in the changelog"
    )


def test_a_bundle_with_the_earlier_verifier_still_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle published with a verifier on record is no forgery; one with any other is."""
    earlier = b"print('an earlier verifier')\n"
    files = rehashed({**files_of(five_households()), "verify.py": earlier})
    folder = write(tmp_path, files)
    assert judges.faults(folder) == [("judge", "verify.py")]
    monkeypatch.setattr(bundle, "EARLIER_JUDGES", (hashlib.sha256(earlier).hexdigest(),))
    assert judges.faults(folder) == []
