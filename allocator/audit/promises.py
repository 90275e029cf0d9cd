"""Checks of what was promised before the draw: policy, commitment, roster, public value, tickets, order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from allocator.audit.contents import Contents
from allocator.audit.reading import IN_FORCE
from allocator.audit.results import Fault
from allocator.model.canonical import fingerprint, merkle_root, sha256_hex
from allocator.model.instance import Ints

_LEAST_CELL: Final = 10
_LONGEST_FORM: Final = 2000


def same(where: str, published: object, recomputed: object) -> None:
    """``Fault`` where two figures differ."""
    if published != recomputed or isinstance(published, bool) != isinstance(recomputed, bool):
        raise Fault(where, "audit_differs", published=published, recomputed=recomputed)


def check_policy(bundle: Contents) -> None:
    """The fingerprint of the policy files, and the rules they state for the allocation."""
    names = [name for name in bundle.files if name.startswith("policy/")]
    hashes = {name.removeprefix("policy/"): sha256_hex(bundle.files[name]) for name in names}
    recomputed = fingerprint(hashes)
    commitment = bundle.commitment
    same("commitment.json: policy_fingerprint", commitment["policy_fingerprint"], recomputed)
    same("manifest.json: policy_fingerprint", bundle.manifest["policy_fingerprint"], recomputed)
    rules = _section(bundle, "allocation")
    if commitment["sub_round"] == "transfer" and rules.get("transfers") is not None:
        # Tenants among themselves trade, whatever the mechanism of the others.
        rules = {**rules, "mechanism": "top_trading_cycles", "housing_first": False}
    for name in ("mechanism", "housing_first", "dwelling_rule"):
        same(f"commitment.json: rules.{name}", commitment["rules"][name], rules.get(name))


def _section(bundle: Contents, name: str) -> dict[str, Any]:
    section = bundle.documents[IN_FORCE].get(name)
    if not isinstance(section, dict):
        raise Fault(f"{IN_FORCE}: {name}", "audit_bad_field", field=name)
    return section


def check_commitment(bundle: Contents) -> None:
    """Counts and hashes of pools and dwellings, what the manifest repeats, and the counts of receipts."""
    commitment = bundle.commitment
    for name in ("month", "sub_round", "rehearsal"):
        same(f"manifest.json: {name}", bundle.manifest[name], commitment[name])
    same("commitment.json: roster.count", commitment["roster"]["count"], bundle.rows("roster.csv"))
    pools = commitment["pools"]
    same("commitment.json: pools.count", pools["count"], bundle.rows("pools.csv"))
    same("commitment.json: pools.places", pools["places"], bundle.places)
    same("commitment.json: pools.sha256", pools["sha256"], sha256_hex(bundle.files["pools.csv"]))
    dwellings = sha256_hex(bundle.files["dwellings.csv"])
    same("commitment.json: dwellings_sha256", commitment["dwellings_sha256"], dwellings)
    _check_receipts(commitment["receipts"])


def _check_receipts(receipts: dict[str, Any]) -> None:
    by_class = receipts["by_class"]
    same("commitment.json: receipts.total", receipts["total"], sum(by_class.values()))
    others = {name: count for name, count in by_class.items() if name != "merged"}
    for name, count in others.items():
        if 0 < count < _LEAST_CELL:
            raise Fault(f"commitment.json: receipts.by_class.{name}", "audit_small_cell", count=count)
    merged = by_class.get("merged", _LEAST_CELL)
    if merged < _LEAST_CELL and any(others.values()):
        raise Fault("commitment.json: receipts.by_class.merged", "audit_small_cell", count=merged)


def check_roster(bundle: Contents) -> None:
    """The Merkle root over code, band, points, salt and list of everybody."""
    roster = bundle.tables["roster.csv"]
    strictly_sorted("roster.csv", "code", roster["code"])
    dense_from_zero("roster.csv", "band", np.unique(roster["band"]))
    columns = [roster["code"], *(_text(roster[name]) for name in ("band", "points")), roster["salt"]]
    heads = pc.binary_join_element_wise(*columns, "\t").to_pylist()
    root = merkle_root(
        head.encode() + b"\t" + wishes for head, wishes in zip(heads, _lists(bundle), strict=True)
    )
    same("commitment.json: roster.root", bundle.commitment["roster"]["root"], root)


def _text(numbers: Ints) -> pa.Array:
    return pc.cast(pa.array(numbers), pa.string())


def _lists(bundle: Contents) -> Iterable[bytes]:
    """Each household's list as the leaf writes it. Rows stand by code, so a list is one slice of all of them."""
    preferences = bundle.tables["preferences.csv"]
    rows = bundle.preference_rows
    rank = preferences["rank"]
    is_first = np.diff(rows, prepend=-1) != 0
    is_equal = ~is_first & (np.diff(rank, prepend=0) == 0)
    signs = pa.array(["", ">", "="]).take(pa.array(np.where(is_first, 0, np.where(is_equal, 2, 1))))
    pieces = pc.binary_join_element_wise(signs, preferences["pool"], "")
    lengths = pc.binary_length(pieces).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    size = np.bincount(rows, minlength=len(bundle.codes))
    cuts = ends[np.concatenate([[0], np.cumsum(size)])].tolist()
    text = "".join(pieces.to_pylist()).encode()
    return (text[begin:end] for begin, end in pairwise(cuts))


def strictly_sorted(name: str, column: str, values: pa.Array) -> None:
    """By code point, nobody twice."""
    if len(values) < 2:
        return
    rises = pc.less(values[:-1], values[1:]).to_numpy(zero_copy_only=False)
    if not rises.all():
        place = int(np.argmin(rises)) + 1
        raise Fault(f"{name}:{place + 2}", "audit_not_sorted", column=column, value=values[place].as_py())


def dense_from_zero(name: str, column: str, distinct: npt.NDArray[np.int64]) -> None:
    """Distinct sorted values are 0, 1, 2, …"""
    if len(distinct) and int(distinct[-1]) != len(distinct) - 1:
        raise Fault(name, "audit_not_dense", column=column)


def check_draw(bundle: Contents) -> None:
    """Whether a ceremony was due, the one spelling of the public value, and the seed."""
    draw, commitment = bundle.documents["draw.json"], bundle.commitment
    ceremony = commitment["draw"]
    value = draw["public_value"]
    rules = _section(bundle, "draw")
    if ceremony["ceremony"]:
        _check_form(ceremony, value, rules)
    else:
        suffices = bundle.places >= bundle.rows("roster.csv")
        if rules.get("skip_when_supply_suffices") is not True or not suffices:
            raise Fault("commitment.json: draw.ceremony", "audit_ceremony_due")
        same("draw.json: public_value", value, "")
    tag = "allocator-rehearsal/1" if commitment["rehearsal"] else "allocator-seed/1"
    words = f"{tag}\n{sha256_hex(bundle.files['commitment.json'])}\n{value}\n"
    same("draw.json: seed", draw["seed"], sha256_hex(words.encode()))


def _check_form(ceremony: dict[str, Any], value: str, rules: dict[str, Any]) -> None:
    """RE2 (in arrow) matches in linear time, so a hostile form cannot hang the audit."""
    form = ceremony["form"]
    for source in rules.get("sources") or ():
        if isinstance(source, dict) and source.get("id") == ceremony["source"]:
            same("commitment.json: draw.form", form, source.get("form"))
    try:
        pattern = rf"\A(?:{form})\z"
        fits = len(form) <= _LONGEST_FORM and pc.match_substring_regex(pa.array([value]), pattern)[0].as_py()
    except pa.ArrowException:
        raise Fault("commitment.json: draw.form", "audit_bad_field", field="draw.form") from None
    if not (form and fits):
        raise Fault("draw.json: public_value", "audit_bad_spelling", value=value)


def check_tickets(bundle: Contents) -> None:
    """Every ticket is the hash of seed and code."""
    order = bundle.tables["order.csv"]
    tickets = tickets_of(bundle.documents["draw.json"]["seed"], "order", order["code"].to_pylist())
    published = order["ticket"].to_pylist()
    if tickets != published:
        place = next(i for i, pair in enumerate(zip(tickets, published, strict=True)) if pair[0] != pair[1])
        same(f"order.csv:{place + 2}", published[place], tickets[place])


def tickets_of(seed: str, purpose: str, codes: Iterable[str]) -> list[str]:
    """Hex tickets of codes (contract, section 6)."""
    head = hashlib.sha256(f"{seed}\n{purpose}\n".encode())
    tickets = []
    for code in codes:
        ticket = head.copy()
        ticket.update(code.encode() + b"\n")
        tickets.append(ticket.hexdigest())
    return tickets


def check_order(bundle: Contents) -> None:
    """Everybody of the roster once, by band, points downwards and ticket, positions from 1."""
    order, roster = bundle.tables["order.csv"], bundle.tables["roster.csv"]
    rows = bundle.order_rows
    same("order.csv", len(rows), bundle.rows("roster.csv"))
    if len(np.unique(rows)) != len(rows):
        raise Fault("order.csv", "audit_twice", column="code")
    first_difference("order.csv", order["position"], np.arange(1, len(rows) + 1))
    first_difference("order.csv", order["band"], roster["band"][rows])
    band, points = order["band"], roster["points"][rows]
    earlier_ticket = pc.less(order["ticket"][:-1], order["ticket"][1:]).to_numpy(zero_copy_only=False)
    step, drop = np.diff(band), np.diff(points)
    fits = (step > 0) | ((step == 0) & ((drop < 0) | ((drop == 0) & earlier_ticket)))
    if not fits.all():
        raise Fault(f"order.csv:{int(np.argmin(fits)) + 3}", "audit_out_of_order")


def first_difference(name: str, published: Ints, recomputed: Ints) -> None:
    """``Fault`` at the first row in which two columns differ."""
    differs = published != recomputed
    if differs.any():
        place = int(np.argmax(differs))
        same(f"{name}:{place + 2}", int(published[place]), int(recomputed[place]))
