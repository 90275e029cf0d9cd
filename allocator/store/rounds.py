"""Rounds, their frozen artefacts and their exports at rest."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, insert, select, update

from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.model.records import ExportRecord, RoundRecord
from allocator.store.bulk import table_of
from allocator.store.sealing import Sealer


def create(connection: Connection, record: RoundRecord) -> None:
    """Keep a new round. Raises ``Refused`` where the month has one."""
    if of_month(connection, record.month) is not None:
        raise Refused("store_round_exists", month=record.month)
    connection.execute(insert(table_of("rounds")).values(**_values(record)))


def change(connection: Connection, record: RoundRecord) -> None:
    """Replace what is known of a round. Raises ``Refused`` where the month has none."""
    rounds = table_of("rounds")
    done = connection.execute(update(rounds).where(rounds.c.month == record.month).values(**_values(record)))
    if done.rowcount == 0:
        raise Refused("store_round_unknown", month=record.month)


def of_month(connection: Connection, month: str) -> RoundRecord | None:
    """The month's round, or None."""
    rounds = table_of("rounds")
    found = connection.execute(select(rounds).where(rounds.c.month == month)).first()
    return _record(found) if found else None


def all_rounds(connection: Connection) -> list[RoundRecord]:
    """All rounds, by month."""
    rounds = table_of("rounds")
    found = [_record(row) for row in connection.execute(select(rounds))]
    return sorted(found, key=lambda record: record.month)


def put_artefact(connection: Connection, sealer: Sealer, place: tuple[str, str, str], content: bytes) -> str:
    """Freeze a document; gives its hex SHA-256. The same bytes again change nothing, other bytes are refused."""
    month, sub_round, name = place
    if has_artefact(connection, place):
        if artefact(connection, sealer, place) != content:
            raise Refused("store_artefact_frozen", month=month, name=name)
        return sha256_hex(content)
    packed = pa.compress(content, codec="zstd", asbytes=True)
    connection.execute(
        insert(table_of("artefacts")).values(
            month=month,
            sub_round=sub_round,
            name=name,
            num_bytes=len(content),
            sealed=sealer.seal("artefacts", "\t".join(place), packed),
        )
    )
    return sha256_hex(content)


def has_artefact(connection: Connection, place: tuple[str, str, str]) -> bool:
    """Whether it was frozen."""
    artefacts = table_of("artefacts")
    return connection.execute(select(artefacts.c.name).where(_at(artefacts, place))).first() is not None


def artefact(connection: Connection, sealer: Sealer, place: tuple[str, str, str]) -> bytes:
    """The document as it was frozen. Raises ``Refused`` where there is none."""
    artefacts = table_of("artefacts")
    found = connection.execute(
        select(artefacts.c.num_bytes, artefacts.c.sealed).where(_at(artefacts, place))
    ).first()
    if found is None:
        raise Refused("store_artefact_unknown", month=place[0], name=place[2])
    packed = sealer.open("artefacts", "\t".join(place), found.sealed)
    return pa.decompress(packed, decompressed_size=found.num_bytes, codec="zstd", asbytes=True)


def artefact_names(connection: Connection, month: str) -> list[tuple[str, str]]:
    """Sub-round and name of every artefact of a month, sorted."""
    artefacts = table_of("artefacts")
    query = select(artefacts.c.sub_round, artefacts.c.name).where(artefacts.c.month == month)
    return sorted((row.sub_round, row.name) for row in connection.execute(query))


def put_export(connection: Connection, sealer: Sealer, record: ExportRecord) -> None:
    """Keep an export, or what the registry answered to it."""
    exports = table_of("exports")
    document = canonical_bytes({"manifest": dict(record.manifest), "receipt": dict(record.receipt)})
    values = {
        "month": record.month,
        "made_on": record.made_on,
        "num_rows": record.num_rows,
        "rehearsal": record.rehearsal,
        "sealed": sealer.seal("exports", record.export_no, document),
    }
    done = connection.execute(update(exports).where(exports.c.export_no == record.export_no).values(**values))
    if done.rowcount == 0:
        connection.execute(insert(exports).values(export_no=record.export_no, **values))


def exports_of(connection: Connection, sealer: Sealer, month: str | None) -> list[ExportRecord]:
    """Exports of a month or all, by number."""
    exports = table_of("exports")
    query = select(exports) if month is None else select(exports).where(exports.c.month == month)
    found = [_export(row, sealer) for row in connection.execute(query)]
    return sorted(found, key=lambda record: record.export_no)


def _values(record: RoundRecord) -> dict[str, Any]:
    return {
        "month": record.month,
        "stage": str(record.stage),
        "policy": record.policy,
        "policy_fingerprint": record.policy_fingerprint,
        "rehearsal": record.rehearsal,
        "opened_on": record.on,
        "sub_rounds": json.dumps(list(record.sub_rounds), ensure_ascii=False),
    }


def _record(row: Any) -> RoundRecord:
    return RoundRecord(
        month=row.month,
        stage=row.stage,
        policy=row.policy,
        policy_fingerprint=row.policy_fingerprint,
        rehearsal=row.rehearsal,
        on=row.opened_on,
        sub_rounds=tuple(json.loads(row.sub_rounds)),
    )


def _export(row: Any, sealer: Sealer) -> ExportRecord:
    document = json.loads(sealer.open("exports", row.export_no, row.sealed))
    return ExportRecord(
        export_no=row.export_no,
        month=row.month,
        made_on=row.made_on,
        num_rows=row.num_rows,
        rehearsal=row.rehearsal,
        manifest=document["manifest"],
        receipt=document["receipt"],
    )


def _at(artefacts: Any, place: tuple[str, str, str]) -> Any:
    month, sub_round, name = place
    return (artefacts.c.month == month) & (artefacts.c.sub_round == sub_round) & (artefacts.c.name == name)
