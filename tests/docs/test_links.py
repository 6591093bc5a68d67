"""Links between the pages lead somewhere, also in the repository, where no site is built."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT

LINK = re.compile(r"(?<!!)\[[^]]*\]\(([^)\s]+)\)")
OUTSIDE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
ALL = {DOCS / f"{page}.md": text for page, text in PAGES.items()} | {
    path: path.read_text(encoding="utf-8") for path in map(ROOT.joinpath, OUTSIDE)
}


def links(text: str) -> list[str]:
    return LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    titles = re.findall(r"^#{1,3} (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(path: Path) -> None:
    for link in links(ALL[path]):
        if urlsplit(link).scheme:
            assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]+(/\S*)?", link), link
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_readme_links_every_page_of_the_guide() -> None:
    guide = {f"docs/{page}.md" for page in PAGES if "/" not in page and page != "index"}

    assert guide <= {link.partition("#")[0] for link in links(ALL[ROOT / "README.md"])}
