"""Makes report.png, the picture of the report in README.md, from made-up headlines: python docs/images/report.py"""

from __future__ import annotations

from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

import dedupe

HERE = Path(__file__).parent
HEADLINES = HERE.parent.parent / "examples" / "headlines.csv"
SIZE = {"width": 1200, "height": 860}


def main() -> None:
    """Group the headlines, open the report, unfold a story."""
    result = dedupe.deduplicate(dedupe.read_headlines(HEADLINES).headlines, window=72)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "report.html")
        dedupe.write_report(result, str(path), title="Three days in March")
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(path.as_uri())
        page.click("#stories .story:nth-child(2) summary")
        page.click("#stories .story:nth-child(2) .why summary")
        page.locator(".reasons").wait_for()
        page.evaluate("scrollTo(0, 0)")
        page.mouse.move(0, 0)
        page.screenshot(path=HERE / "report.png")
        browser.close()


if __name__ == "__main__":
    main()
