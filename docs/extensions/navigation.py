"""A page that no list of the index names stands at the end of the list that has `NEW PAGES` in it."""

import re
from pathlib import Path

from sphinx.application import Sphinx

MARK = "NEW PAGES\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Complete the index when it is read."""
    app.connect("source-read", _add_new_pages)
    return {"parallel_read_safe": True}


def _add_new_pages(app: Sphinx, page: str, source: list[str]) -> None:
    if page == "index":
        listed = set(re.findall(r"[\w/-]+", source[0]))
        pages = sorted(path.stem for path in Path(app.srcdir).glob("*.md"))
        new = [name for name in pages if name not in {"index", *listed}]
        source[0] = source[0].replace(MARK, "".join(f"{name}\n" for name in new))
