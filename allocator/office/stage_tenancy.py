"""Stages ``offer``, ``answer``, ``sign``, ``export`` and ``close``."""

from __future__ import annotations

from typing import Any

from allocator.errors import WrongUsage
from allocator.model.enums import OfferState
from allocator.office import papers, registry, reports, tenancies
from allocator.office.acts import Desk
from allocator.office.stage_open import frozen_facts
from allocator.office.steps import Step


def offer(desk: Desk) -> Step:
    """Make the offers of every sub-round."""
    counts = tenancies.offer_round(desk.store, desk.month, desk.on)
    said = tuple(("offers_made", {"sub_round": name, "offers": count}) for name, count in counts.items())
    return Step(said, {"offers": counts})


def answer(desk: Desk, answers: str | None = None) -> Step:
    """Enter the answers: a file, or in rehearsals ``accept-all`` or ``random:SEED``."""
    if not answers:
        raise WrongUsage("answers_missing", month=desk.month)
    told = tenancies.answer_round(
        desk.store, desk.month, desk.on, answers, rehearsal=desk.record.rehearsal, language=desk.language
    )
    return Step(
        (("answers_entered", told.figures),), {"offers": told.figures, "warnings": len(told.warnings)}
    )


def sign(desk: Desk) -> Step:
    """Sign the leases of accepted offers; what is unanswered is waived."""
    signed = tenancies.sign_round(
        desk.store,
        desk.policy,
        desk.month,
        desk.on,
        facts=frozen_facts(desk.store, desk.month, with_preferences=False),
    )
    figures = {name: int(count) for name, count in signed.figures.items()}
    told = {"rent": _yuan(figures["rent_fen"]), "subsidy": _yuan(figures["subsidy_fen"]), **figures}
    said: list[tuple[str, dict[str, Any]]] = [("leases_signed", told)]
    if "moved" in figures:
        page = papers.write_moves(desk, signed.moves)
        sequences = signed.moves.drop_duplicates("sequence")["kind"].value_counts()
        figures |= {f"{kind}s": int(sequences.get(kind, 0)) for kind in ("chain", "cycle")}
        said.append(("transfers_signed", {**figures, "page": str(page)}))
    return Step(tuple(said), figures)


def export(desk: Desk, rehearsal: bool = False) -> Step:
    """Write the registry file. Inside a rehearsal it is marked as one; ``registry export`` refuses it unasked."""
    exported = registry.export_round(
        desk.store,
        desk.policy,
        desk.month,
        desk.out / desk.month / "registry",
        desk.on,
        rehearsal=rehearsal or desk.record.rehearsal,
        facts=frozen_facts(desk.store, desk.month, with_preferences=False),
    )
    said = {
        "folder": str(exported.folder),
        "records": exported.figures["records"],
        "parts": exported.figures["parts"],
    }
    return Step((("registry_written", said),), {"registry": exported.figures})


def close(desk: Desk) -> Step:
    """Close the month and write its page."""
    offers = desk.store.offers(desk.month)
    figures = {
        "leases": len(desk.store.leases(desk.month)),
        "waived": int((offers["state"] == OfferState.WAIVED.value).sum()),
    }
    page = reports.write_round_page(
        desk.store, desk.month, desk.out / desk.month / "report.html", desk.language
    )
    said = (("round_closed_said", {"month": desk.month, **figures}), ("page_written", {"page": str(page)}))
    return Step(said, figures)


def _yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{fen // 100:,}.{fen % 100:02d}"
