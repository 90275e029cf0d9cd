"""A published bundle (公开核验包) checked whole, without store or solver: every named check and where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Final

import pyarrow as pa

from allocator.audit import bundled_lottery, outcome, promises, room_split, rules, tenants
from allocator.audit.contents import Contents
from allocator.audit.reading import (
    COLUMNS,
    CURRENT_KEY,
    DOCUMENTS,
    FIXED,
    IN_FORCE,
    OPTIONAL,
    ROOMS_FILES,
    RULES_FILES,
    document_of,
    is_plain_name,
    names_in,
    read_file,
    table_of,
)
from allocator.audit.results import CheckResult, Fault
from allocator.audit.shapes import COMMITMENT, DRAW, MANIFEST, check_shape, is_hex
from allocator.model.canonical import sha256_hex

# The verifier in bundles written before the first release (``docs/reference/verifier.md``).
EARLIER_JUDGES: Final = ("e37b3624775a85d7df414a03baf50a073fb56f350782d03043115e658840e8c2",)
_BROKEN: Final = (ValueError, KeyError, IndexError, TypeError, OverflowError, MemoryError, RecursionError)

# Later checks rely on the earlier ones of this first group; the second group stands each for itself.
_STRUCTURE: Final = (
    ("policy", promises.check_policy),
    ("commitment", promises.check_commitment),
    ("pools", outcome.check_pools),
    ("dwellings", outcome.check_dwellings),
    ("preferences", outcome.check_preferences),
    ("roster", promises.check_roster),
    ("rules", rules.check_rules),
    ("rooms", room_split.check_split),
    ("tenants", tenants.check_tenants),
    ("draw", promises.check_draw),
    ("tickets", promises.check_tickets),
    ("order", promises.check_order),
    ("removals", outcome.check_removals),
    ("result", outcome.check_result),
    ("chances", bundled_lottery.check_presence),
    ("counts", outcome.check_counts),
)
_VERDICTS: Final = (
    ("dwelling_rule", outcome.check_dwelling_rule),
    ("certificate", outcome.check_certificate),
)


def verify_bundle(
    folder: Path,
    *,
    commitment: str | None = None,
    public_value: str | None = None,
    previous: str | None = None,
) -> list[CheckResult]:
    """All checks of ``docs/reference/bundle.md`` in order; those that cannot be reached are left out.

    ``commitment`` and ``previous`` (hex SHA-256) and ``public_value`` are what was published outside the
    bundle; each is compared where it is given. Never raises on what a bundle holds.
    """
    results: list[CheckResult] = []
    files: dict[str, bytes] = {}
    results.append(_run("manifest", lambda: files.update(_files(folder))))
    if not results[-1].holds:
        return results
    read: list[Contents] = []
    results.append(_run("formats", lambda: read.append(_contents(files))))
    if not results[-1].holds:
        return results
    bundle = read[0]
    results.extend(_run_all(bundle, _STRUCTURE))
    if all(result.holds for result in results):
        results.extend(_run_all(bundle, _VERDICTS))
    results.append(_run("judge", lambda: _check_judge(bundle)))
    outside = (("commitment", commitment), ("public_value", public_value), ("previous", previous))
    for name, value in outside:
        if value is not None:
            results.append(_run(f"outside_{name}", _outside(bundle, name, value)))
    return results


def judge_bytes() -> bytes:
    """The single-file verifier as it goes into every bundle."""
    return (resources.files("allocator.audit") / "standalone" / "verify.py").read_bytes()


def _run_all(
    bundle: Contents, checks: tuple[tuple[str, Callable[[Contents], None]], ...]
) -> Iterator[CheckResult]:
    for name, check in checks:
        yield _run(name, lambda check=check: check(bundle))  # type: ignore[misc]


def _run(name: str, check: Callable[[], object]) -> CheckResult:
    """A hostile bundle may break a check in ways nobody foresaw: that is a fault of the bundle, too."""
    try:
        check()
    except Fault as fault:
        return fault.as_result(name)
    except (*_BROKEN, pa.ArrowException) as broken:
        return Fault(name, "audit_unreadable", kind=type(broken).__name__).as_result(name)
    return CheckResult(name, holds=True)


def _files(folder: Path) -> dict[str, bytes]:
    """Every file of the bundle, each with the hash the manifest names, none more and none less."""
    if not folder.is_dir():
        raise Fault("manifest.json", "audit_missing_file")
    present = set(names_in(folder))
    content = read_file(folder, "manifest.json")
    manifest = document_of("manifest.json", content)
    check_shape("manifest.json", manifest, MANIFEST)
    hashes: dict[str, str] = manifest["files"]
    for name in hashes:
        is_known = name in {*FIXED, *RULES_FILES, *ROOMS_FILES, *OPTIONAL} or name.startswith("policy/")
        if not is_plain_name(name) or not is_known:
            raise Fault("manifest.json", "audit_bad_name", name=name)
    for name in sorted(present - set(hashes) - {"manifest.json"}):
        raise Fault(name if name.isprintable() else ascii(name), "audit_unlisted_file")
    for name in (*FIXED, IN_FORCE):
        if name not in hashes:
            raise Fault(name, "audit_missing_file")
    files = {"manifest.json": content}
    for name, published in sorted(hashes.items()):
        files[name] = read_file(folder, name)
        promises.same(name, published, sha256_hex(files[name]))
    return files


def _contents(files: dict[str, bytes]) -> Contents:
    optional = (name for name in ("rules.json", "split.json") if name in files)
    names = ["manifest.json", *DOCUMENTS, IN_FORCE, *optional]
    documents = {name: document_of(name, files[name]) for name in names}
    committed = documents["commitment.json"]
    more = {
        key: is_hex for key in (*RULES_FILES.values(), *ROOMS_FILES.values(), CURRENT_KEY) if key in committed
    }
    check_shape("commitment.json", committed, {**COMMITMENT, **more})
    check_shape("draw.json", documents["draw.json"], DRAW)
    tables = [*COLUMNS, *(name for name in OPTIONAL if name in files)]
    return Contents(files, documents, {name: table_of(name, files[name]) for name in tables})


def _check_judge(bundle: Contents) -> None:
    found = sha256_hex(bundle.files["verify.py"])
    if found not in EARLIER_JUDGES:
        promises.same("verify.py", found, sha256_hex(judge_bytes()))


def _outside(bundle: Contents, name: str, value: str) -> Callable[[], None]:
    if name == "commitment":
        return lambda: promises.same(
            "commitment.json", sha256_hex(bundle.files["commitment.json"]), value.strip().lower()
        )
    if name == "public_value":
        return lambda: promises.same(
            "draw.json: public_value", bundle.documents["draw.json"]["public_value"], value
        )
    return lambda: promises.same(
        "commitment.json: previous_manifest", bundle.commitment["previous_manifest"], value.strip().lower()
    )
