"""The built site in a real browser: `nox -s docs` builds it and names its folder in `KLARNA_OM_SITE`."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import PAGES
from tests.support.chromium import start_browser
from tests.support.contrast import CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SITE = Path(os.environ.get("KLARNA_OM_SITE", "build/site")).resolve()
PHONE, SCREEN = 360, 1280
WIDER = """
[...document.querySelectorAll('article *')].filter((each) => {
  if (each.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let outer = each; outer; outer = outer.parentElement) {
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(outer).overflowX)) return false;
  }
  return true;
}).map((each) => each.outerHTML.slice(0, 200))
"""
"""What stands out of the screen and cannot be scrolled to."""

pytestmark = pytest.mark.skipif("KLARNA_OM_SITE" not in os.environ, reason="builds the site: nox -s docs")


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    with start_browser() as running:
        yield running


@pytest.fixture(params=[(PHONE, "light"), (PHONE, "dark"), (SCREEN, "light"), (SCREEN, "dark")], ids=str)
def page(request: pytest.FixtureRequest, chromium: "Browser") -> "Iterator[Page]":
    """An empty page of a phone or a screen, in the light or in the dark."""
    width, scheme = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def opened(page: "Page", name: str) -> list[str]:
    """Open a page of the site; returns what it asked for outside of the site, and what it complained of."""
    seen: list[str] = []
    page.on("request", lambda asked: seen.append(asked.url) if not asked.url.startswith(SITE.as_uri()) else None)
    page.on("requestfailed", lambda failed: seen.append(failed.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto((SITE / f"{name}.html").as_uri())
    return [url for url in seen if not url.startswith("data:")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_can_be_read_and_loads_nothing_from_elsewhere(page: "Page", name: str) -> None:
    elsewhere = opened(page, name)

    assert elsewhere == []
    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("innerWidth")
    assert page.evaluate(WIDER) == []
    assert page.evaluate(CONTRAST) == []


def test_the_navigation_has_every_page(page: "Page") -> None:
    opened(page, "index")

    links: list[Any] = page.evaluate("[...document.querySelectorAll('.sidebar-tree a')].map((each) => each.href)")

    assert {link.partition("#")[0] for link in links} >= {
        (SITE / f"{name}.html").as_uri() for name in PAGES if name != "index"
    }


def test_the_search_finds_an_error_code(page: "Page") -> None:
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=CAPTURE_NOT_ALLOWED")

    page.wait_for_selector("#search-results li a")

    found = page.locator("#search-results").inner_text()
    assert "Errors by code" in found


def test_no_style_or_font_is_loaded_from_elsewhere() -> None:
    for path in SITE.rglob("*.css"):
        assert re.findall(r"""(?:@import|url\()\s*["']?(?:https?:)?//""", path.read_text(encoding="utf-8")) == [], path
