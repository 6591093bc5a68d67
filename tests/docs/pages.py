"""The pages under docs/, and the blocks of code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
}

RUN_ELSEWHERE = {
    "engines": "tests/engines/test_recipes.py",
    "many-machines": "tests/engines/test_documents.py",
    "observability": "tests/test_observability.py",
    "pace": "tests/pace/test_page.py",
    "sandbox": "tests/sandbox/test_docs.py",
    "web": "tests/test_web_page.py",
}
"""Pages whose Python needs more than an order and a client, and the tests that run it."""


def blocks(page: str, language: str) -> list[str]:
    """The blocks of one language, in their sequence."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)


def with_blocks(language: str) -> list[str]:
    """The pages that have such a block."""
    return [page for page in PAGES if blocks(page, language)]
