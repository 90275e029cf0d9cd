"""``report.html`` of a round."""

from __future__ import annotations

from allocator.messages import LANGUAGES
from allocator.model.figures import RoundFigures
from allocator.reporting.pages import chart_library, json_for_script, page
from allocator.reporting.sections import sections, share_up_to
from allocator.reporting.wording import Wording


def round_page(figures: RoundFigures, language: str) -> str:
    """The page as one self-contained HTML file, in ``zh`` or ``en`` (else ``ValueError``).

    Without network: the page's own content policy forbids it. Without personal data: ``RoundFigures`` has none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    words = Wording(language)
    parts = sections(figures, words)
    specs = [chart.spec for part in parts for chart in part.charts]
    return page(
        "round.html",
        words=words,
        lang="zh-CN" if language == "zh" else "en",
        title=words.text("title", month=figures.month),
        authority=words.text("authority", authority=words.authority(figures)),
        is_rehearsal=figures.is_rehearsal,
        is_complete="signed" in set(figures.funnel["step"]),
        cards=_cards(figures, words),
        sections=parts,
        reading=[*_mechanism(figures, words), words.text("reading_numbers"), words.text("reading_check")],
        specs=json_for_script(specs),
        library=chart_library() if specs else "",
    )


def _cards(figures: RoundFigures, words: Wording) -> list[tuple[str, str]]:
    """The key figures: number and what it counts."""
    counts = dict(zip(figures.funnel["step"], figures.funnel["num_households"], strict=True))
    cards = [(words.count(counts["received"]), words.text("card_received"))]
    if "roster" in counts:
        cards.append((words.count(counts["roster"]), words.text("card_roster")))
        cards.append((words.count(figures.totals["places"]), words.text("card_places")))
    if "housed" in counts:
        cards.append((words.count(counts["housed"]), words.text("card_housed")))
        cards.append((words.percent(share_up_to(figures, 1)), words.text("card_first")))
        cards.append((words.count(figures.totals["empty"]), words.text("card_empty")))
    return cards


def _mechanism(figures: RoundFigures, words: Wording) -> list[str]:
    if not figures.mechanism:
        return []
    return [words.text("reading_mechanism", mechanism=words.word("mechanism", figures.mechanism))]
