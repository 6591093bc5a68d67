"""A real browser: Debian's chromium, or the one that `KLARNA_OM_TEST_CHROMIUM` names. Playwright's wheel drives it.

Without one a test says how to get it; in CI it fails.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MISSING = "no browser: apt-get install chromium and pip install playwright, or set KLARNA_OM_TEST_CHROMIUM to a path"


@contextmanager
def start_browser() -> "Iterator[Browser]":
    """A browser without a window."""
    path = os.environ.get("KLARNA_OM_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None or find_spec("playwright") is None:
        missing()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


def missing() -> NoReturn:
    """Skip; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)
