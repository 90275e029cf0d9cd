"""Criteria as they are written: one table each, with unit, source, direction and dated values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from allocator.policy.dated import Span, Version, check_order, closed, span_of
from allocator.policy.faults import Faults
from allocator.policy.quantities import QUANTITIES, Quantity
from allocator.policy.rules import Bucket, Criterion
from allocator.policy.sections import validated

_OWN: Final = (
    "rule",
    "description_zh",
    "description_en",
    "unit",
    "reference",
    "tag",
    "note",
    "direction",
    "inclusive",
    "when_blank",
    "evidence_zh",
    "evidence_en",
    "approved_by",
    "approved_on",
    "approved_tag",
    "note_zh",
)
_NEEDED: Final = ("rule", "description_zh", "description_en", "unit", "reference", "tag", "values")
_SOURCE: Final = (
    "reference",
    "tag",
    "note",
    "note_zh",
    "override",
    "approved_by",
    "approved_on",
    "approved_tag",
)
_VALUE_KEYS: Final = ("value", "buckets", "one_of", *_SOURCE)


def criterion_versions(name: str, table: object, file: str, faults: Faults) -> tuple[Version[Criterion], ...]:
    """The dated versions of one criterion; every fault of the table is told."""
    key = f"criteria.{name}"
    if not isinstance(table, dict):
        faults.add("policy_value_wrong", file, key, value=table, expected="a table")
        return ()
    sound = _check_keys(table, file, key, faults)
    quantity = _quantity(table, file, key, faults)
    if quantity is None or not sound:
        return ()
    _check_bound(table, quantity, file, key, faults)
    head = {field: table[field] for field in _OWN if field in table} | {"id": name}
    return _versions(head, table["values"], quantity, file, key, faults)


def _check_keys(table: dict[str, Any], file: str, key: str, faults: Faults) -> bool:
    for field in sorted(set(table) - {*_OWN, "values"}):
        faults.add("policy_key_unknown", file, f"{key}.{field}")
    missing = [field for field in _NEEDED if field not in table]
    for field in missing:
        faults.add("policy_key_missing", file, f"{key}.{field}")
    return not missing


def _quantity(table: dict[str, Any], file: str, key: str, faults: Faults) -> Quantity | None:
    rule = table.get("rule")
    quantity = QUANTITIES.get(rule) if isinstance(rule, str) else None
    if quantity is None:
        if rule is not None:
            faults.add(
                "policy_rule_unknown", file, f"{key}.rule", value=rule, known=", ".join(sorted(QUANTITIES))
            )
        return None
    unit = table.get("unit", quantity.unit)
    if unit != quantity.unit:
        faults.add("policy_unit_wrong", file, f"{key}.unit", value=unit, expected=quantity.unit)
    return quantity


def _check_bound(table: dict[str, Any], quantity: Quantity, file: str, key: str, faults: Faults) -> None:
    """A bound says its direction and whether the bound itself passes; what is no bound says neither."""
    for field in ("direction", "inclusive"):
        if quantity.form == "bound" and field not in table:
            faults.add("policy_inclusivity_missing", file, f"{key}.{field}")
        if quantity.form != "bound" and field in table:
            faults.add("policy_key_unknown", file, f"{key}.{field}")


def _versions(
    head: dict[str, Any], values: object, quantity: Quantity, file: str, key: str, faults: Faults
) -> tuple[Version[Criterion], ...]:
    if not isinstance(values, list) or not values or not all(isinstance(entry, dict) for entry in values):
        faults.add("policy_not_dated", file, f"{key}.values")
        return ()
    spans: list[Span] = []
    versions: list[Version[Criterion]] = []
    for position, entry in enumerate(values):
        place = f"{key}.values[{position}]"
        rest = dict(entry)
        span = span_of(rest, file, place, faults)
        content = _content(head, rest, quantity, file, place, faults)
        if span is not None:
            spans.append(span)
            if content is not None:
                versions.append(Version(span.first, span.last, content))
    is_ordered = check_order(spans, file, faults)
    # A criterion of which a version is faulty is told once, there, and not again where it is asked.
    return closed(versions) if is_ordered and len(versions) == len(values) else ()


def _content(
    head: dict[str, Any], entry: dict[str, Any], quantity: Quantity, file: str, place: str, faults: Faults
) -> Criterion | None:
    for field in sorted(set(entry) - set(_VALUE_KEYS)):
        faults.add("policy_key_unknown", file, f"{place}.{field}")
    document = head | {k: entry[k] for k in _SOURCE if k in entry}
    if quantity.form == "bound":
        bounds = _bounds(entry, quantity, file, place, faults)
        if bounds is None:
            return None
        document["bounds"] = [bucket.model_dump() for bucket in bounds]
    elif quantity.form == "one_of":
        if not entry.get("one_of"):
            faults.add("policy_key_missing", file, f"{place}.one_of")
            return None
        document["one_of"] = entry["one_of"]
    elif entry.get("value") is not True:
        faults.add("policy_value_wrong", file, f"{place}.value", value=entry.get("value"), expected="true")
        return None
    return validated(Criterion, document, file, place, faults)


def _bounds(
    entry: dict[str, Any], quantity: Quantity, file: str, place: str, faults: Faults
) -> list[Bucket] | None:
    if ("value" in entry) == ("buckets" in entry):
        faults.add("policy_value_or_buckets", file, place)
        return None
    if "value" in entry:
        value = base_units(entry["value"], quantity.scale, file, f"{place}.value", faults)
        return None if value is None else [Bucket(size_from=1, value=value)]
    return _buckets(entry["buckets"], quantity, file, f"{place}.buckets", faults)


def _buckets(
    tables: object, quantity: Quantity, file: str, place: str, faults: Faults
) -> list[Bucket] | None:
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        faults.add("policy_value_wrong", file, place, value=tables, expected="a list of buckets")
        return None
    buckets = []
    for position, table in enumerate(tables):
        rest = dict(table)
        raw = rest.pop("value", None)
        value = base_units(raw, quantity.scale, file, f"{place}[{position}].value", faults)
        bucket = validated(Bucket, rest | {"value": value or 0}, file, f"{place}[{position}]", faults)
        if bucket is None or value is None:
            return None
        buckets.append(bucket)
    check_buckets([(b.size_from, b.size_up_to) for b in buckets], file, place, faults)
    return buckets


def check_buckets(sizes: list[tuple[int, int | None]], file: str, place: str, faults: Faults) -> None:
    """Buckets of household sizes begin at 1, follow one another without a hole, and the last is open."""
    expected = 1
    for position, (first, last) in enumerate(sizes):
        if first != expected:
            faults.add("policy_bucket_hole", file, f"{place}[{position}]", expected=expected, found=first)
        if last is None and position < len(sizes) - 1:
            faults.add("policy_bucket_open", file, f"{place}[{position}]")
            return
        if last is not None and last < first:
            faults.add("policy_bucket_hole", file, f"{place}[{position}]", expected=first, found=last)
        expected = (last or first) + 1
    if sizes[-1][1] is not None:
        faults.add("policy_bucket_end", file, place, last=sizes[-1][1])


def base_units(value: object, scale: int, file: str, place: str, faults: Faults) -> int | None:
    """The written number in whole base units; a fault where it is none, negative, or not exact."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        faults.add("policy_value_wrong", file, place, value=value, expected="a number")
        return None
    scaled = value * scale
    if not Decimal(scaled).is_finite() or scaled < 0 or scaled != int(scaled):
        faults.add("policy_value_wrong", file, place, value=value, expected=f"0 or more, in 1/{scale}")
        return None
    return int(scaled)
