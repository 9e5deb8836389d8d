"""Time the report in headless Chromium: opening it from disk, regrouping by the slider, searching, scrolling.

    python benchmarks/report.py --data DIR --cache DIR --out FILE

The rows are the latest of DIR/stream/headlines.jsonl.gz, grouped with a window of 72 hours. Vectors are kept in the
cache folder. All times are those of a fresh browser; README.md in this folder says what they include.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
from playwright.sync_api import Browser, Page, sync_playwright
from records import circumstances, read_rows, write_json
from stopwatch import SEED

import dedupe

WINDOW = 72  # hours
OPENINGS = 5
THRESHOLDS = [k / 20 for k in range(2, 20)]
QUERIES = ("e", "el", "ele", "election", "storm coast", "police", "bank rates", "zzzz", "")
FOLDER = click.Path(file_okay=False, path_type=Path)
QUIET = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
)
# Milliseconds from the input event until the next frame is laid out.
TYPE = """async ([id, value]) => {
  const field = document.getElementById(id);
  field.value = value;
  const began = performance.now();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect();
  const worked = performance.now() - began;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [worked, performance.now() - began];
}"""
SCROLL = """async () => {
  let [last, longest, frames] = [performance.now(), 0, 0];
  const began = last;
  while (performance.now() - began < 5000) {
    scrollBy(0, 120);
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    [longest, last, frames] = [Math.max(longest, now - last), now, frames + 1];
  }
  const drawn = document.querySelectorAll("#stories > li").length;
  return { frames_a_second: frames / 5, longest_frame_ms: longest, stories_drawn: drawn };
}"""


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--cache", type=FOLDER, required=True, help="Where vectors are kept.")
@click.option("--rows", type=click.IntRange(min=2), default=20_000, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def main(data: Path, cache: Path, rows: int, out: Path) -> None:
    about = circumstances(SEED)
    about["versions"]["playwright"] = version("playwright")
    result = group(data, cache, rows)
    with TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        began = perf_counter()
        left_out = dedupe.write_report(result, str(path))
        written = {"seconds": round(perf_counter() - began, 1), "megabytes": round(path.stat().st_size / 1e6, 2)}
        about |= {"rows": len(result), "pairs": len(result.pairs), "left_out": left_out, "written": written}
        write_json(about | in_browser(path), out)
    click.echo(out.read_text("utf-8"))


def group(data: Path, cache: Path, rows: int) -> dedupe.Deduplication:
    latest = sorted(read_rows(data / "stream" / "headlines.jsonl.gz"), key=lambda row: row["date"])[-rows:]
    headlines = [dedupe.Headline(row["title"], published=row["date"], source=row["source"]) for row in latest]
    return dedupe.deduplicate(headlines, window=WINDOW, cache=dedupe.VectorCache(cache))


def in_browser(path: Path) -> dict[str, Any]:
    with sync_playwright() as playwright:
        openings = []
        for _ in range(OPENINGS):
            browser = launch(playwright)
            openings.append(opening(browser, path))
            browser.close()
        browser = launch(playwright)
        result = {"opening_ms": openings, "chromium": browser.version} | use(browser, path)
        browser.close()
        return result


def launch(playwright: Any) -> Browser:
    args = [f"--{name}" for name in QUIET.split()]
    return playwright.chromium.launch(executable_path=which("chromium"), args=args)


def opening(browser: Browser, path: Path) -> int:
    """Milliseconds from navigation until the list is usable and something has been painted."""
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    marks = "['usable', 'first-contentful-paint'].map(name => performance.getEntriesByName(name)[0].startTime)"
    return round(max(page.evaluate(marks)))


def use(browser: Browser, path: Path) -> dict[str, Any]:
    page, errors, requests = browser.new_page(), list[str](), list[str]()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#stories li")
    result = {
        "regroup_ms": typed(page, "story", [str(value) for value in THRESHOLDS]),
        "regroup_wordings_ms": typed(page, "wording", [str(value) for value in THRESHOLDS]),
        "search_ms": typed(page, "q", list(QUERIES)),
        "scrolling": {name: round(value) for name, value in page.evaluate(SCROLL).items()},
    }
    for view in ("check", "pictures", "run", "stories"):
        page.click(f'.views a[href="#{view}"]')
        page.wait_for_timeout(500)
    return result | {"requests_besides_the_file": len(requests) - 1, "console_errors": errors}


def typed(page: Page, field: str, values: list[str]) -> dict[str, int]:
    """Milliseconds of work, and until the next frame is drawn, for these values of a field: medians and the maximum."""
    worked, drawn = zip(*(page.evaluate(TYPE, [field, value]) for value in values), strict=True)
    return {"work": round(median(worked)), "drawn": round(median(drawn)), "most_drawn": round(max(drawn))}


if __name__ == "__main__":
    main()
