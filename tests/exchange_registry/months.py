"""A signed month on a store, and the steps to get there."""

from __future__ import annotations

from datetime import date

from allocator.model.canonical import sha256_hex
from allocator.model.enums import Stage
from allocator.model.records import RoundRecord
from allocator.office import registry, tenancies

MONTH = "2026-03"
OFFERED, ANSWERED, SIGNED = date(2026, 3, 20), date(2026, 3, 24), date(2026, 3, 26)


def round_at(stage, *, rehearsal=True):
    return RoundRecord(MONTH, str(stage), "example", "sha256:0", rehearsal, date(2026, 3, 1), ("public",))


def answered(store, answers="accept-all"):
    assert tenancies.offer_round(store, MONTH, OFFERED) == {"public": 3}
    return tenancies.answer_round(store, MONTH, ANSWERED, answers, rehearsal=True, language="en")


def signed(store, policy, answers="accept-all"):
    answered(store, answers)
    result = tenancies.sign_round(store, policy, MONTH, SIGNED)
    store.update_round(round_at(Stage.SIGN))
    return result


def exported(store, policy, tmp_path, **options):
    return registry.export_round(
        store, policy, MONTH, tmp_path / "out", SIGNED, **{"rehearsal": True, **options}
    )


def file_of(tmp_path, text, name="回执.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def receipt_file(tmp_path, export, *rows):
    manifest = sha256_hex((export.folder / "manifest.json").read_bytes())
    lines = ["清单指纹,合同编号,备案结果,原因", *(f"{manifest},{row}" for row in rows)]
    return file_of(tmp_path, "\n".join(lines) + "\n")


ALL_ACCEPTED = ("ZL202603000001,接收,", "ZL202603000002,接收,", "ZL202603000003,接收,")
