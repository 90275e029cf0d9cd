"""``allocator tenancy``: leases and their money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from allocator.commands import shared
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DEFAULT_STORE,
    DryRunOption,
    JsonOption,
    LangOption,
    OnOption,
    PolicyOption,
    StoreOption,
)
from allocator.errors import WrongUsage

group = typer.Typer(
    name="tenancy",
    help="Leases, rents and subsidies / 租赁合同、租金与补贴",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@group.command(name="list", help="Leases of a month, or all / 租赁合同清单")
def list_leases(
    month: Annotated[str | None, typer.Argument(metavar="[MONTH]", help="Month / 月份 (2026-03)")] = None,
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """No name and no ID number: households stand under their receipt numbers."""
    from allocator.commands.tables import columns
    from allocator.messages import text_of
    from allocator.office import filing

    leases = filing.leases_of_store(store, month)
    rows = [_row(row) for row in leases.to_dict("records")]
    if as_json:
        shared.print_json({"leases": rows})
    elif not rows:
        shared.note(text_of("tenancy_none", lang))
    else:
        for line in columns(text_of("tenancy_heads", lang).split("\t"), [_shown(row) for row in rows]):
            shared.say(line)
    shared.next_command(lang, shared.typed("tenancy", "ledger", month or "MONTH", store=store, lang=lang))


def _row(lease: dict[str, Any]) -> dict[str, Any]:
    dates = {name: lease[name].date().isoformat() for name in ("starts_on", "ends_on", "signed_on")}
    money = {name: int(lease[name]) for name in ("rent_fen", "subsidy_fen", "area_cm2", "rent_per_m2_fen")}
    names = ("lease_no", "month", "receipt_no", "dwelling_id", "project_id", "state", "filing")
    return {**{name: str(lease[name]) for name in names}, **dates, **money}


def _shown(row: dict[str, Any]) -> list[str]:
    return [
        row["lease_no"],
        row["receipt_no"],
        row["dwelling_id"],
        row["starts_on"],
        row["ends_on"],
        yuan(row["rent_fen"]),
        yuan(row["subsidy_fen"]),
        row["state"],
        row["filing"],
    ]


@group.command(name="report", help="Enter what is reported of tenants / 登记租户情形（空置、欠租等）")
def report_tenants(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="receipt_no, kind, begins_on, ends_on, withdrawn / 情形文件"),
    ],
    on: OnOption = None,
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """All or nothing; the same file again changes nothing."""
    from allocator.messages import text_of
    from allocator.office import breaches
    from allocator.office.acts import Act

    day = shared.date_of(on)
    if day is None:
        raise WrongUsage("tenancy_on_missing")
    figures = breaches.report(Act(store, on=day, language=lang, is_dry_run=dry_run), file, day)
    if as_json:
        shared.print_json({**figures, "on": day.isoformat(), "dry_run": dry_run})
    else:
        shared.say(text_of("breaches_reported", lang, **figures))
    shared.next_command(
        lang,
        shared.typed(
            "tenancy", "review", day.isoformat()[:7], "--on", day.isoformat(), store=store, lang=lang
        ),
    )


@group.command(
    name="review", help="Whose lease the law ends, and by which article / 依法应当腾退的租户及依据"
)
def review_tenants(
    month: Annotated[
        str, typer.Argument(metavar="MONTH", help="Month; its last day counts / 月份，以月末为准")
    ],
    on: OnOption = None,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """From the reports and leases of the store, under the law in force on the day; it decides nothing itself."""
    from allocator.commands.tables import columns
    from allocator.messages import text_of
    from allocator.office import breaches
    from allocator.office.acts import Act

    found = breaches.review(Act(store, policy, on=shared.date_of(on), language=lang), month)
    rows = [_reviewed(row, found.ban_months) for row in found.tenants.to_dict("records")]
    if as_json:
        told = {"on": found.on.isoformat(), "policy": found.policy, "leases": found.num_leases}
        shared.print_json({**told, "tenants": rows})
    else:
        figures = {
            "on": found.on.isoformat(),
            "leases": found.num_leases,
            "num": len({r["lease_no"] for r in rows}),
        }
        shared.say(text_of("review_found" if rows else "review_none", lang, **figures))
        if rows:
            for line in columns(
                text_of("review_heads", lang).split("\t"), [_told(row, lang) for row in rows]
            ):
                shared.say(line)
    if found.is_law_silent:
        shared.note(text_of("review_law_silent", lang))
    shared.next_command(lang, shared.typed("tenancy", "list", store=store, lang=lang))


def _reviewed(row: dict[str, Any], ban_months: int | None) -> dict[str, Any]:
    names = ("lease_no", "receipt_no", "dwelling_id", "kind", "reference", "tag")
    return {
        **{name: str(row[name]) for name in names},
        "begins_on": row["begins_on"].date().isoformat(),
        "months": int(row["months"]),
        "days": int(row["days"]),
        "barred_months": ban_months if row["bars"] else None,
    }


def _told(row: dict[str, Any], language: str) -> list[str]:
    from allocator.messages import text_of

    barred = row["barred_months"]
    return [
        row["lease_no"],
        row["receipt_no"],
        row["dwelling_id"],
        text_of(f"law_breach_{row['kind']}", language),
        row["begins_on"],
        text_of("review_span", language, months=row["months"], days=row["days"]),
        text_of("review_bars", language, months=barred) if barred else text_of("review_bars_not", language),
        f"{row['reference']} [{row['tag']}]",
    ]


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, without a float."""
    return f"{fen // 100}.{fen % 100:02d}"


@group.command(help="Rent roll and subsidies of a month by supply mode / 按供给方式的租金与补贴汇总")
def ledger(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Month / 月份 (2026-03)")],
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """Sums in fen; the last line is the whole."""
    from allocator.commands.tables import columns
    from allocator.messages import text_of
    from allocator.office import filing

    lines = filing.ledger_of_month(store, month, policy)
    if as_json:
        shared.print_json({"month": month, "lines": lines})
    else:
        rows = [
            (*_names(line, lang), str(line["leases"]), yuan(line["rent_fen"]), yuan(line["subsidy_fen"]))
            for line in lines
        ]
        for shown in columns(text_of("ledger_heads", lang).split("\t"), rows):
            shared.say(shown)
    shared.next_command(lang, shared.typed("report", "round", month, store=store, lang=lang))


def _names(line: dict[str, Any], language: str) -> tuple[str, str]:
    """Supply mode and payer in words."""
    from allocator.messages import text_of
    from allocator.model.columns import SUPPLY_MODES

    mode = line["supply_mode"]
    if mode == "total":
        return text_of("ledger_total", language), "—"
    payer = text_of(f"subsidy_paid_by_{line['paid_by']}", language)
    return SUPPLY_MODES[mode][0] if language == "zh" else mode, payer
