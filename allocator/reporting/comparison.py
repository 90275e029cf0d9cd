"""``comparison-<language>.html``: mechanisms side by side on one sub-round."""

from __future__ import annotations

from allocator.messages import LANGUAGES
from allocator.model.comparison import ComparisonFigures
from allocator.reporting.comparison_sections import sections
from allocator.reporting.comparison_words import ComparisonWords
from allocator.reporting.pages import chart_library, json_for_script, page


def comparison_page(figures: ComparisonFigures, language: str) -> str:
    """The page as one self-contained HTML file, in ``zh`` or ``en`` (else ``ValueError``); nothing personal on it."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    words = ComparisonWords(language)
    parts = sections(figures, words)
    specs = [chart.spec for part in parts for chart in part.charts]
    return page(
        "comparison.html",
        words=words,
        lang="zh-CN" if language == "zh" else "en",
        title=words.told("title", month=figures.month, sub_round=words.sub_round(figures.sub_round)),
        authority=words.text(
            "authority", authority=figures.authority_zh if language == "zh" else figures.authority_en
        ),
        is_rehearsal=figures.is_rehearsal,
        cards=[
            (words.count(figures.num_households), words.told("card_households")),
            (words.count(figures.num_places), words.told("card_places")),
            (words.count(figures.num_bands), words.told("card_bands")),
            (
                words.count((figures.mechanisms["refusal"] == "").sum()),
                words.told("card_mechanisms"),
            ),
        ],
        note=words.told("drawn") if figures.is_drawn else words.told("rehearsed", seed=figures.seed),
        sections=parts,
        reading=[words.told("reading_numbers"), words.told("reading_same")],
        specs=json_for_script(specs),
        library=chart_library() if specs else "",
    )
