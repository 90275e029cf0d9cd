"""The shapes of the JSON documents of a bundle (``docs/reference/bundle.md``), checked key by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from allocator.audit.reading import LARGEST
from allocator.audit.results import Fault

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
CLASSES: Final = frozenset(
    {
        "roster",
        "ineligible",
        "incomplete",
        "set_aside",
        "withdrawn",
        "housed",
        "frozen",
        "not_shortlisted",
        "merged",
    }
)

Rule = Callable[[Any], bool]


def is_hex(value: object) -> bool:
    """A hex SHA-256 in small letters."""
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_fingerprint(value: object) -> bool:
    return isinstance(value, str) and value.startswith("sha256:") and is_hex(value[7:])


def _one_of(*words: str) -> Rule:
    return lambda value: isinstance(value, str) and value in words


def _is_month(value: object) -> bool:
    return isinstance(value, str) and _MONTH.fullmatch(value) is not None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_classes(value: object) -> bool:
    return isinstance(value, dict) and CLASSES.issuperset(value) and all(map(_is_count, value.values()))


Shape = Mapping[str, Any]

COMMITMENT: Final[Shape] = {
    "format": _one_of("allocator-commitment/1"),
    "month": _is_month,
    "sub_round": _is_name,
    "rehearsal": _is_flag,
    "policy_fingerprint": _is_fingerprint,
    "rules": {"mechanism": _is_name, "housing_first": _is_flag, "dwelling_rule": _one_of("order", "ticket")},
    "roster": {"count": _is_count, "root": is_hex},
    "pools": {"count": _is_count, "places": _is_count, "sha256": is_hex},
    "dwellings_sha256": is_hex,
    "receipts": {"total": _is_count, "by_class": _is_classes, "root": is_hex},
    "previous_manifest": lambda value: value == "" or is_hex(value),
    "draw": {
        "ceremony": _is_flag,
        "source": _is_text,
        "moment": _is_text,
        "fallbacks": _is_texts,
        "form": _is_text,
    },
}
MANIFEST: Final[Shape] = {
    "format": _one_of("allocator-bundle/1"),
    "software_version": _is_name,
    "month": _is_month,
    "sub_round": _is_name,
    "rehearsal": _is_flag,
    "policy_fingerprint": _is_fingerprint,
    "counts": dict.fromkeys(("households", "pools", "places", "preferences", "housed", "removed"), _is_count),
    "files": lambda value: isinstance(value, dict) and all(map(is_hex, value.values())),
}
DRAW: Final[Shape] = {
    "format": _one_of("allocator-draw/1"),
    "public_value": lambda value: isinstance(value, str) and value.isascii() and value.isprintable(),
    "seed": is_hex,
}


def check_shape(name: str, document: object, shape: Shape, key: str = "") -> None:
    """Exactly these keys, each with a value its rule accepts; ``Fault`` at the first that is not."""
    if not isinstance(document, dict):
        raise Fault(f"{name}: {key}", "audit_bad_field", field=key)
    for field in sorted(set(document) ^ set(shape)):
        raise Fault(name, "audit_bad_field", field=f"{key}{field}")
    for field, rule in shape.items():
        if isinstance(rule, Mapping):
            check_shape(name, document[field], rule, f"{key}{field}.")
        elif not rule(document[field]):
            raise Fault(f"{name}: {key}{field}", "audit_bad_field", field=f"{key}{field}")
