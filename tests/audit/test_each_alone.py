"""Each judge broken alone: the agreement of the two is a test that can fail."""

from __future__ import annotations

import pytest

from allocator.audit import bundle, promises
from tests.audit import judges
from tests.audit.test_altered import FILES, altered
from tests.audit.worlds import write


def _blind_arrays(monkeypatch, bundle_name: str) -> None:
    """The arrays with one check that sees nothing."""
    for group in ("_STRUCTURE", "_VERDICTS"):
        checks = tuple(
            (name, (lambda _bundle: None) if name == bundle_name else check)
            for name, check in getattr(bundle, group)
        )
        monkeypatch.setattr(bundle, group, checks)


@pytest.mark.parametrize(
    "kind", ["figure certificate.json num_housed", "figure certificate.json bands.*.total_rank"]
)
def test_blind_arrays_are_found_by_the_other(kind, monkeypatch, tmp_path):
    """With one check of the arrays blinded, they accept what verify.py still refuses."""
    folder = write(tmp_path, altered(FILES["band_optimum"], kind, seed=1))
    assert judges.verdicts(folder) == (False, False)
    _blind_arrays(monkeypatch, "certificate")
    assert judges.verdicts(folder) == (True, False)


@pytest.mark.parametrize(
    "kind", ["figure certificate.json num_housed", "figure certificate.json bands.*.total_rank"]
)
def test_a_blind_verifier_is_found_by_the_other(kind, monkeypatch, tmp_path):
    """With one check of verify.py blinded, it accepts what the arrays still refuse."""
    folder = write(tmp_path, altered(FILES["band_optimum"], kind, seed=1))
    blind = tuple(
        (zh, en, (lambda _bundle: None) if check.__name__ == "check_certificate" else check)
        for zh, en, check in judges.VERIFIER.CHECKS
    )
    assert judges.verdicts(folder) == (False, False)
    monkeypatch.setattr(judges.VERIFIER, "CHECKS", blind)
    assert judges.verdicts(folder) == (False, True)


def test_breaking_the_arrays_own_merkle_tree_breaks_only_them(monkeypatch, tmp_path):
    """The two share no Merkle code: broken in the arrays, verify.py still accepts."""
    folder = write(tmp_path, FILES["serial"])
    monkeypatch.setattr(promises, "merkle_root", lambda leaves: "0" * 64)
    assert judges.verdicts(folder) == (False, True)


@pytest.mark.parametrize("name", ["tickets_of", "least_distances", "join", "spread_back"])
def test_breaking_a_step_of_the_verifier_breaks_only_it(name, monkeypatch, tmp_path):
    """The two share no step of draw or certificate: broken in verify.py, the arrays still accept."""
    folder = write(tmp_path, FILES["band_optimum"])

    def broken(*_arguments: object) -> None:
        raise ValueError(name)

    monkeypatch.setattr(judges.VERIFIER, name, broken)
    assert judges.verdicts(folder) == (True, False)
