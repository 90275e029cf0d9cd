"""The citizen's verifier is the one whose hash is published."""

import hashlib
import re
from pathlib import Path

from allocator.audit import judge_bytes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verifier.md"


def test_the_published_hash_is_the_verifiers() -> None:
    """``docs/reference/verifier.md`` names the SHA-256 of ``verify.py``; a change of one is a change of the other."""
    published = re.findall(r"`([0-9a-f]{64})`", PAGE.read_text(encoding="utf-8"))
    found = hashlib.sha256(judge_bytes()).hexdigest()
    assert published == [found], (
        f"verify.py changed: write {found} into {PAGE.name} and say so in the changelog"
    )
