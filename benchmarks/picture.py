"""`python -m benchmarks.picture`: run `klarna-om demo`, and draw what it prints as docs/demo.svg.

The text is the demo's own; only its temporary folder, which has another name in each run, is left out, and the lines
that consist of nothing else. The picture loads nothing, and has the colours of the reader's light or dark mode.
"""

import re
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parents[1] / "docs/demo.svg"
COMMAND = "klarna-om demo"

_LINE_HEIGHT, _MARGIN, _WIDTH = 18, 16, 830
_FOLDER = re.compile(r"\S*/klarna-om-demo-\w+/")
_FILES = re.compile(r"(?m)^(Report|Journal):.*\n?")
_STYLE = """\
  rect { fill: #f6f8fa; stroke: #d0d7de }
  text { fill: #1f2328; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre }
  .quiet { fill: #59636e }
  .kill { fill: #b35900 }
  .proof { fill: #116329; font-weight: bold }
  @media (prefers-color-scheme: dark) {
    rect { fill: #151b23; stroke: #3d444d }
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .kill { fill: #f0883e }
    .proof { fill: #56d364 }
  }
"""
_KINDS = (
    ("proof", re.compile(r"(acknowledged twice|lost) +0$")),
    ("kill", re.compile(r"Killed ")),
    ("quiet", re.compile(r"A sandbox |\d+ of \d+ orders")),
)


def record(*options: str) -> str:
    """Run the demo, and return what it prints."""
    command = [sys.executable, "-m", "klarna_om.cli", *COMMAND.split()[1:], *options]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return ended.stdout


def lines_of(output: str) -> list[str]:
    """The lines to show: no temporary folder, no empty lines one after the other."""
    text = re.sub(r"\n{3,}", "\n\n", _FILES.sub("", _FOLDER.sub("", output)))
    return [f"$ {COMMAND}", *text.strip().splitlines()]


def draw(lines: list[str]) -> str:
    """An SVG of a terminal with these lines."""
    height = 2 * _MARGIN + _LINE_HEIGHT * len(lines)
    texts = "\n".join(
        f'<text class="{_class_of(line)}" x="{_MARGIN}" y="{_MARGIN + _LINE_HEIGHT * number - 5}">{escape(line)}</text>'
        for number, line in enumerate(lines, 1)
        if line
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">
<title>What {COMMAND} prints</title>
<style>
{_STYLE}</style>
<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="6"/>
{texts}
</svg>
"""


def _class_of(line: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.match(line)), "plain")


if __name__ == "__main__":
    PICTURE.write_text(draw(lines_of(record())), encoding="utf-8")
    print(f"{PICTURE.name} is drawn")
