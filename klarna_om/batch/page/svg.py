"""A figure of matplotlib as SVG within a page: in the page's colours and font, and with no style of its own.

The page's policy (`Content-Security-Policy`) forbids styles in elements, so each declaration becomes an attribute.
"""

import io
import re
from collections.abc import Collection
from typing import Any
from xml.etree import ElementTree

import matplotlib

COLOURS = {
    name: f"#0000{number:02x}"
    for number, name in enumerate(
        (
            *("ink", "muted", "grid", "limit", "accent"),
            *("done", "refused", "unknown", "escalated", "pending", "malformed", "conflict", "duplicate", "blank"),
        ),
        1,  # black itself is what matplotlib leaves out
    )
}
"""Each stands for a variable of `page.css`, which has one colour in the light and another one in the dark."""

_VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}

_library: Any = matplotlib

_METADATA = ("Creator", "Date", "Format", "Type")


def make_svg(figure: Any, name: str, title: str) -> str:
    """The figure as one element. `name`: unique in the page. `title`: what a screen reader says."""
    file = io.StringIO()
    # Text stays text, and no two pictures of a page have the same ids.
    with _library.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
    source = file.getvalue()
    root = ElementTree.fromstring(source)  # noqa: S314 - matplotlib has just written it
    references = set(re.findall(r'#(\w+)["\)]', source))
    for element in root.iter():
        _rewrite(element, references)
    view = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"viewBox": view, "role": "img", "aria-label": title, "stroke-linejoin": "round"})
    return ElementTree.tostring(root, encoding="unicode")


def _rewrite(element: Any, references: Collection[str]) -> None:
    """Without name spaces, styles, and ids that nothing refers to."""
    element.tag = _local_name(element.tag)
    attributes = {_local_name(key): value for key, value in element.attrib.items()}
    if attributes.get("id") not in references:
        attributes.pop("id", None)
    attributes |= _declarations(attributes.pop("style", ""))
    attributes.pop("font-family", None)
    element.attrib.clear()
    element.attrib.update({key: _VARIABLES.get(value, value) for key, value in attributes.items()})
    for style in element.findall("{*}style"):
        element.remove(style)


def _declarations(style: str) -> dict[str, str]:
    pairs = [declaration.split(":", 1) for declaration in style.split(";") if declaration]
    return {key.strip(): value.strip() for key, value in pairs}


def _local_name(name: str) -> str:
    return name.rpartition("}")[2]
