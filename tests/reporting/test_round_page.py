"""``report.html``: self-contained, complete in both languages, true to its figures, without anyone's data."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.messages import LANGUAGES
from allocator.model.facts import Facts
from allocator.model.figures import RoundFigures
from allocator.reporting import round_page
from allocator.reporting.pages import chart_library, json_for_script
from allocator.reporting.wording import Wording
from tests.reporting.filed_rounds import finished_round, opened_round

TEXTS = Path(__file__).parents[2] / "allocator" / "texts"
HEADINGS = [
    f"{part}_title"
    for part in ("funnel", "supply", "ranks", "closing", "rates", "empty", "rounds", "reading")
]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def filed() -> tuple[Facts, RoundFigures]:
    return finished_round()


@pytest.fixture(scope="module")
def pages(filed) -> dict[str, str]:
    return {language: round_page(filed[1], language) for language in LANGUAGES}


def markup_of(page: str) -> str:
    """The page without its scripts."""
    return re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)


def words_of(page: str) -> str:
    """What a reader sees without scripts: the markup without script and style."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def test_texts_are_complete_in_both_languages():
    """Both languages have the same codes with the same parameters."""
    zh, en = (
        tomllib.loads((TEXTS / language / "reporting.toml").read_text("utf-8")) for language in LANGUAGES
    )
    assert set(zh) == set(en)
    for code, sentence in zh.items():
        assert set(re.findall(r"{(\w+)}", sentence)) == set(re.findall(r"{(\w+)}", en[code])), code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_heading_stands_on_the_page(pages, language):
    """All parts of the page have their heading, in the page's language."""
    words = Wording(language)
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", markup_of(pages[language]))
    assert [html.unescape(title) for title in titles] == [words.text(code) for code in HEADINGS]
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in pages[language]


def test_the_english_page_speaks_english(pages, filed):
    """Apart from names of projects no Chinese stands on the English page."""
    left = words_of(pages["en"])
    for name in set(filed[1].pools["project_name"]):
        left = left.replace(name, "")
    assert re.findall(r"[\u4e00-\u9fff]+", left) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing(pages, language):
    """No element, style or policy of the page reaches out; the browser is told to forbid it."""
    page = pages[language]
    markup = markup_of(page)
    assert re.findall(r"https?://|@import|url\(", markup) == []
    assert re.findall(r"<(?:link|img|iframe|object|embed|base|form)\b", markup) == []
    assert re.findall(r"<script[^>]+>", page) == []
    assert set(re.findall(r'href="([^"]*)"', markup)) == {
        f"#{code.removesuffix('_title')}" for code in HEADINGS[:-1]
    }
    assert "default-src 'none'" in page
    assert "unsafe-eval" not in page
    specs = re.search(r"const specs = (\[.*?\]);\n", page, flags=re.DOTALL).group(1)
    assert '"url"' not in specs


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_on_the_page_are_the_figures(pages, filed, language):
    """The tables hold every count of the figures, row by row."""
    figures, words = filed[1], Wording(language)
    rows = {
        tuple(html.unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row))
        for row in re.findall(r"<tr>(.*?)</tr>", pages[language])
    }
    received = figures.funnel["num_households"].iloc[0]
    for step, num in figures.funnel.itertuples(index=False):
        assert (words.word("step", step), words.count(num), words.percent(num / received)) in rows
    for mode, flats, beds, housed in figures.supply.itertuples(index=False):
        counts = [flats, beds, flats + beds, housed, flats + beds - housed]
        assert (words.word("mode", mode), *map(words.count, counts)) in rows
    for row in figures.pools.itertuples(index=False):
        assert any(
            cells[2:7]
            == (
                words.yuan(row.rent_per_m2_fen),
                *map(words.count, (row.capacity, row.num_asked, row.num_housed, row.num_empty)),
            )
            for cells in rows
            if len(cells) == 9
        )
    for mode, reason, num in figures.empty.itertuples(index=False):
        assert (words.word("mode", mode), words.word("reason", reason), words.count(num)) in rows
    total = figures.ranks["num_households"].sum()
    for first, last, num in figures.ranks.itertuples(index=False):
        assert (words.rank_span(first, last), words.count(num), words.percent(num / total)) in rows


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_stands_on_the_page(pages, filed, language):
    """No receipt number, ID number or name of the city, and no code of the round, stands anywhere in the file."""
    facts, page = filed[0], pages[language].replace(chart_library(), "")
    personal = {*facts.households["receipt_no"], *facts.members["id_number"], *facts.dwellings["dwelling_id"]}
    personal |= {name for name in facts.members["name"] if len(name) > 2}
    assert [text for text in personal if text in page] == []
    assert re.findall(r"\bk\d{6}\b", page) == []


def test_a_rehearsal_is_marked_and_a_real_round_is_not(filed):
    """The mark, the note and the title of a rehearsal say so; a real round shows none of them."""
    for language in LANGUAGES:
        words = Wording(language)
        marked, real = (
            round_page(filed[1], language),
            round_page(replace(filed[1], is_rehearsal=False), language),
        )
        assert words.text("rehearsal_note") in html.unescape(marked)
        assert 'class="watermark"' in marked
        assert words.text("rehearsal") in re.search(r"<title>(.*?)</title>", marked).group(1)
        assert words.text("rehearsal_note") not in html.unescape(real)
        assert 'class="watermark"' not in real


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_round_under_way_has_a_page(language):
    """Before the allocation the page says what has not happened yet instead of showing nothing."""
    page, words = html.unescape(round_page(opened_round(), language)), Wording(language)
    assert page.count(words.text("nothing_yet")) == 3  # ranks, closing positions, rates
    assert words.text("stage_note") in page
    assert words.text("reason_not_allocated") in page


def test_every_chart_has_words_and_a_table(pages):
    """Each chart is described for those who cannot see it, and each part with charts has a table."""
    page = pages["zh"]
    charts = re.findall(r'<div class="chart" id="chart-(\d+)" role="img" aria-label="([^"]+)"', page)
    assert [int(number) for number, _ in charts] == list(range(8))  # 5 single ones and 3 groupings
    for section in re.findall(r"<section.*?</section>", page, flags=re.DOTALL):
        assert ('class="chart"' not in section) or "<table>" in section


def test_the_same_figures_give_the_same_page(filed, pages):
    """The page is a function of the figures and the language."""
    assert round_page(filed[1], "zh") == pages["zh"]


def test_hostile_names_stay_text(filed):
    """A project called like markup neither closes a script nor opens an element."""
    evil = "</script><img src=x onerror=alert(1)>"
    figures = finished_round(120)[1]
    figures.pools["project_name"] = evil
    page = round_page(figures, "en")
    assert evil not in page
    assert "<img" not in page.replace(chart_library(), "")
    assert "<" not in json_for_script([evil])


def test_an_unknown_language_is_a_bug():
    """Only the languages that are complete are offered."""
    with pytest.raises(ValueError, match="xx"):
        round_page(opened_round(), "xx")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_charts_are_drawn_in_a_browser(pages, tmp_path):
    """A browser without network draws every chart under the page's own content policy."""
    file = tmp_path / "report.html"
    file.write_text(pages["zh"], encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={tmp_path}/user",
    ]
    command += [
        "--virtual-time-budget=8000",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--dump-dom",
        file.as_uri(),
    ]
    drawn = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode("utf-8")
    body = drawn[drawn.index("<main>") : drawn.index("</main>")]
    assert body.count("<svg") == 8
    assert len(re.findall(r'aria-roledescription="(?:bar|point|rule mark|rule)"', body)) > 30
    assert Wording("zh").word("mode", "government_invested") in re.sub(
        r"<details.*?</details>", "", body, flags=re.DOTALL
    )
