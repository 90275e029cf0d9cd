"""``comparison-<language>.html``: true to its figures, the same in both languages, self-contained, safe."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from allocator.messages import LANGUAGES
from scenarios import page_figures
from scenarios.comparison_page import page_of, write_pages
from scenarios.comparisons import SHOWN, Comparison, compare, write_comparison
from scenarios.differences import t_quantile
from scenarios.files import baseline_of
from scenarios.page_words import PageWords
from scenarios.reading import Stack
from scenarios.results import Results
from scenarios.running import checked, run_all
from tests.scenarios_run.worlds import VILLAGE, scenario

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{7*7}}"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# What the browser itself says of the page: faults, marks of each chart, rows of each table, lines of each download.
WATCH = """<script>
const faults = [];
addEventListener("error", event => faults.push(event.message));
addEventListener("securitypolicyviolation", event => faults.push(event.violatedDirective));
console.error = (...words) => faults.push(words.join(" "));
</script>"""
LOOK = """<script>
addEventListener("load", () => setTimeout(() => {
  const all = (where, what) => [...where.querySelectorAll(what)];
  const said = {
    faults,
    marks: all(document, ".chart").map(chart => all(chart, "svg [aria-roledescription$='mark container'] > *").length),
    words: all(document, ".chart").map(chart => all(chart, "svg text").length),
    tables: all(document, "table").map(table => [all(table, "thead th").length,
      all(table, "tbody tr").map(row => row.cells.length)]),
    downloads: all(document, "a[download]").map(link => [link.download, atob(link.href.split(",")[1])]),
    wide: document.documentElement.scrollWidth > innerWidth,
  };
  document.body.dataset.said = JSON.stringify(said);
}, 2000));
</script>"""
RUN = VILLAGE.model_copy(update={"months": 3})


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    """A village with a tenth of the rent relieved, two replications of three months, the first of warm-up."""
    relieved = scenario(run=RUN, relief=[{"per_mille": 100}], title_en="a tenth off", title_zh="减一成")
    stacks = [Stack(baseline_of(RUN), (), (), ()), Stack(relieved, ("first.toml", "relief.toml"), (), ())]
    return compare(run_all([checked(stack) for stack in stacks], None))


@pytest.fixture(scope="module")
def pages(comparison: Comparison) -> dict[str, str]:
    return {language: page_of(comparison, language) for language in LANGUAGES}


def markup_of(page: str) -> str:
    """The page without its scripts."""
    return re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)


def rows_of(page: str) -> list[tuple[str, ...]]:
    """Every row of every table, as the reader sees it."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup_of(page))
    return [tuple(map(html.unescape, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row))) for row in rows]


def specs_of(page: str) -> list[dict]:
    """The charts."""
    return json.loads(re.search(r"const specs = (\[.*?\]);\n", page, flags=re.DOTALL).group(1))


def downloads_of(page: str) -> dict[str, bytes]:
    """What can be taken away, by file name."""
    found = re.findall(r'<a download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    return {name: base64.b64decode(html.unescape(content)) for name, content in found}


def test_the_numbers_are_those_of_the_differences(comparison: Comparison, pages: dict[str, str]) -> None:
    """Each headline row of ``differences.csv`` stands on the page to the second decimal, money in yuan."""
    words, rows = PageWords("en"), rows_of(pages["en"])
    of_all = comparison.table[comparison.table["group_kind"] == "all"].set_index("measure")
    for measure in SHOWN:
        row, unit = of_all.loc[measure], 100 if measure.endswith("_fen") else 1
        told = next(row for row in rows if row[0] == words.measure(measure))
        if row.isna()["difference"]:
            continue
        shown = [float(cell.replace(",", "")) for cell in told[1:4]]
        exact = [row["baseline"] / unit, row["value"] / unit, row["difference"] / unit]
        assert shown == pytest.approx(exact, abs=0.00501), measure
        if not row.isna()["low"]:
            ends = [float(end.replace(",", "")) for end in told[4].split(" … ")]
            assert ends == pytest.approx([row["low"] / unit, row["high"] / unit], abs=0.00501), measure
    # The village pays a tenth of its rent less, and the landlord bears it.
    assert of_all.loc["relief_fen", "difference"] > 0


def test_what_is_taken_away_is_what_was_written(
    comparison: Comparison, pages: dict[str, str], tmp_path: Path
) -> None:
    """The tables in the page are, to the byte, the files beside it; the pages stand there under their names."""
    write_comparison(tmp_path, comparison)
    places = write_pages(tmp_path, comparison)
    assert [place.name for place in places] == ["comparison-zh.html", "comparison-en.html"]
    for language, place in zip(LANGUAGES, places, strict=True):
        assert place.read_bytes() == pages[language].encode()
        taken = downloads_of(pages[language])
        for name in ("differences.csv", "winners.csv"):
            assert taken[name] == (tmp_path / name).read_bytes()
        assert {"cost_by_month.csv", "waiting_by_month.csv", "supply_means.csv", "deciles.csv"} < set(taken)


def test_both_languages_have_the_same_parts(pages: dict[str, str]) -> None:
    """The same sections, as many charts over the same figures, the same rows; no Chinese on the English page."""
    zh, en = (pages[language] for language in LANGUAGES)
    assert re.findall(r'<section id="(\w+)"', zh) == re.findall(r'<section id="(\w+)"', en)
    assert len(rows_of(zh)) == len(rows_of(en))
    figures = [
        [[row.get("value") for row in spec["datasets"]["rows"]] for spec in specs_of(page)]
        for page in (zh, en)
    ]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 15
    assert (
        re.findall(r"[\u4e00-\u9fff]+", re.sub(r"<style>.*?</style>", "", markup_of(en), flags=re.DOTALL))
        == []
    )
    assert 'lang="zh-CN"' in zh


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing(pages: dict[str, str], language: str) -> None:
    """No network address and nothing that fetches stands in the markup or the charts."""
    markup = markup_of(pages[language])
    assert re.findall(r"https?://|@import|url\(", markup) == []
    assert re.findall(r"<(?:link|img|iframe|object|embed|base|form)\b", markup) == []
    assert {address[:5] for address in re.findall(r'href="([^#"][^"]*)"', markup)} == {"data:"}
    assert '"url"' not in json.dumps(specs_of(pages[language]))
    assert "default-src 'none'" in pages[language]


def test_seed_order_and_warm_up_are_stated(pages: dict[str, str]) -> None:
    """The page says the seed and the stacking order, and every course over the months draws the warm-up."""
    text = html.unescape(markup_of(pages["en"]))
    assert "Random seed: 1." in text
    assert "first.toml → relief.toml" in text
    assert "The first 1 month(s) are warm-up" in text
    courses = [spec for spec in specs_of(pages["en"]) if "month" in spec["datasets"]["rows"][0]]
    assert len(courses) > 5
    for spec in courses:
        # One month of warm-up: from month -1 to the middle between it and month 0.
        grounds = [row for layer in spec["layer"] for row in layer["data"].get("values", [])]
        assert {(row["first"], row["last"], row["word"]) for row in grounds} == {(-1, -0.5, "warm-up")}
        assert min(row["month"] for row in spec["datasets"]["rows"]) == -1


def test_a_band_is_the_interval_of_the_replications(comparison: Comparison) -> None:
    """With two replications the band of cost is mean ± 12.706 |a - b| / 2, cut at 0, in every month."""
    frame = page_figures.by_month(comparison.results[1:], "cost_fen", ("payer",))
    monthly = comparison.results[1].monthly
    cost = monthly[(monthly["measure"] == "cost_fen") & (monthly["group"] == "landlord")]
    drawn = frame[frame["group"] == "landlord"].set_index("month")
    assert drawn["value"].max() > 0
    for month, values in cost.groupby(cost["month"] - 1)["value"]:
        one, other = values.tolist()
        half = t_quantile(1) * abs(one - other) / 2
        assert drawn.loc[month, "value"] == pytest.approx((one + other) / 2)
        assert drawn.loc[month, "high"] == pytest.approx((one + other) / 2 + half)
        assert drawn.loc[month, "low"] == pytest.approx(max(0.0, (one + other) / 2 - half))


def test_hostile_titles_are_only_words(comparison: Comparison) -> None:
    """A title of markup and script stands escaped in the markup and inert in the charts."""
    first, other = comparison.results
    renamed = Results(
        {**other.document, "title_en": HOSTILE, "stack": [HOSTILE]}, other.monthly, other.households
    )
    page = page_of(Comparison([first, renamed], comparison.table, comparison.winners), "en")
    assert "<img src=x" not in page
    assert HOSTILE in html.unescape(markup_of(page))
    assert any(row.get("name") == HOSTILE for spec in specs_of(page) for row in spec["datasets"]["rows"])


def test_one_replication_is_said_to_prove_nothing(comparison: Comparison) -> None:
    """Without a second replication no interval is drawn or written, without warm-up none is marked; the page says so."""
    alone = [
        Results(
            {**one.document, "replications": 1, "warm_up_months": 0},
            one.monthly[(one.monthly["replication"] == 1) & ~one.monthly["is_warm_up"]],
            one.households[one.households["replication"] == 1],
        )
        for one in comparison.results
    ]
    page, words = page_of(compare(alone), "en"), PageWords("en")
    assert words.told("one_replication") in html.unescape(page)
    assert words.told("note_no_warm_up") in html.unescape(page)
    assert all(row.get("low") is None for spec in specs_of(page) for row in spec["datasets"]["rows"])


def test_titles_alike_are_told_apart(comparison: Comparison) -> None:
    """Two scenarios of one title carry their names; an unknown language is refused."""
    first, other = comparison.results
    twin = Results({**other.document, "scenario": "twin"}, other.monthly, other.households)
    names = PageWords("en").names([first, other, twin])
    assert list(names.values()) == ["baseline", "a tenth off (village)", "a tenth off (twin)"]
    with pytest.raises(ValueError, match="no such language"):
        page_of(comparison, "fr")


def said_by_the_browser(page: str, folder: Path) -> dict:
    """The page, opened without network under its own content policy, as the browser found it."""
    file = folder / "page.html"
    before, end, after = page.replace("<style>", WATCH + "<style>", 1).rpartition("</body>")
    file.write_text(before + LOOK + end + after, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
               "--disable-component-update", "--disable-sync", "--window-size=1100,1400", "--virtual-time-budget=20000",
               "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}/user"]  # fmt: skip
    command = [str(CHROMIUM), *options, "--dump-dom", file.as_uri()]
    dom = subprocess.run(command, capture_output=True, timeout=240, check=True).stdout.decode("utf-8")
    found = re.search(r'<body data-said="([^"]*)"', dom)
    assert found, "the page's own scripts did not come to their end"
    return json.loads(html.unescape(found.group(1)))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_browser_draws_and_shows_everything(pages: dict[str, str], language: str, tmp_path: Path) -> None:
    """No script fails; every chart has marks and words, every table its rows and cells, every download its lines."""
    said = said_by_the_browser(pages[language], tmp_path)
    assert said["faults"] == []
    assert not said["wide"]
    assert len(said["marks"]) == len(specs_of(pages[language])) > 15
    assert min(said["marks"]) > 0
    assert min(said["words"]) > 3
    assert sum(len(rows) + 1 for _, rows in said["tables"]) == len(rows_of(pages[language]))
    assert all(rows and set(rows) == {columns} for columns, rows in said["tables"])
    taken = downloads_of(pages[language])
    assert {name: text.encode("latin-1") for name, text in said["downloads"]} == taken
    for name, content in taken.items():
        assert len(pd.read_csv(io.BytesIO(content))) > 0, name
