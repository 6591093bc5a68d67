"""Our docstrings are plain text; the reference shows them as reStructuredText.

What is indented after an empty line is code, and a table with pipes is a table.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from itertools import groupby

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Change docstrings after autodoc has read them."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}


def _process(_app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    lines[:] = [line for kind, block in groupby(lines, _KindOfLine()) for line in _WRITERS[kind](list(block))]


class _KindOfLine:
    """Text, code or table? Code goes on over empty lines, to the next line that is not indented."""

    def __init__(self) -> None:
        self.kind, self.is_after_empty = "text", True

    def __call__(self, line: str) -> str:
        if line.startswith("|"):
            self.kind = "table"
        elif line.strip() and not line.startswith("    "):
            self.kind = "text"
        elif line.startswith("    ") and self.is_after_empty:
            self.kind = "code"
        self.is_after_empty = not line.strip()
        return self.kind


def _code(lines: list[str]) -> Iterator[str]:
    text = cleandoc("\n" + "\n".join(lines))
    yield from ("", f".. code-block:: {'python' if _is_python(text) else 'text'}", "")
    yield from (f"    {line}" for line in text.splitlines())
    yield ""


def _is_python(text: str) -> bool:
    try:
        ast.parse(re.sub(r"^except .*:", "if 1:", text))
    except SyntaxError:
        return False
    return True


def _table(lines: list[str]) -> Iterator[str]:
    yield from ("", ".. list-table::", "    :header-rows: 1", "")
    for line in lines:
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if any(set(cell) - set("-: ") for cell in cells):
            yield f"    * - {cells[0]}"
            yield from (f"      - {cell}" for cell in cells[1:])
    yield ""


def _text(lines: Iterable[str]) -> Iterable[str]:
    return lines


_WRITERS = {"code": _code, "table": _table, "text": _text}
