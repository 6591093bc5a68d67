"""A board as HTML: the whole page, and the fragments that replace its parts later."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from attrs import frozen

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
except ImportError as missing:
    raise ImportError(
        "the live page of the jobs needs more packages. Install them with: pip install 'klarna-om[cli,live]'",
        name=missing.name,
    ) from missing
from markupsafe import Markup, escape

from klarna_om.batch.moments import show_moment
from klarna_om.batch.page import numbers
from klarna_om.batch.page.advice import meaning_of
from klarna_om.live.board import Board
from klarna_om.live.make_view import make_view
from klarna_om.live.state import Code
from klarna_om.version import __version__

FRAGMENTS = ("verdict", "clock", "alerts", "jobs", "person", "workers", "codes", "finished")
"""The ids of the parts of the page, and the macros that make them."""


@frozen
class Rendered:
    """A board as HTML."""

    title: str
    """The text of the page's title."""
    fragments: Mapping[str, str]
    """What is inside of the element with an id."""


class Renderer:
    """Renders boards with the templates of this package."""

    def __init__(self) -> None:
        self._style = _read("klarna_om.batch.page", "page.css") + _read("klarna_om.live", "live.css")
        self._script = _read("klarna_om.live", "live.js")
        environment = Environment(
            loader=PackageLoader("klarna_om.live", "."),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(_FILTERS)
        self._page = environment.get_template("live.html.j2")
        self._macros: Any = environment.get_template("fragments.html.j2").module

    @property
    def policy(self) -> str:
        """The `Content-Security-Policy` of the page: its own style and script, its own events, and nothing else."""
        return (
            f"default-src 'none'; style-src 'sha256-{_hash(self._style)}'; script-src 'sha256-{_hash(self._script)}';"
            " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def render(self, board: Board) -> Rendered:
        """The parts of the page."""
        view = make_view(board)
        fragments = {name: str(getattr(self._macros, name)(view)).strip() for name in FRAGMENTS}
        return Rendered(f"{view.verdict} klarna-om jobs", fragments)

    def page(self, board: Board) -> str:
        """The whole page."""
        rendered = self.render(board)
        return self._page.render(
            title=rendered.title,
            # The macros have escaped what is in them; style and script are our own files.
            fragments={name: Markup(html) for name, html in rendered.fragments.items()},  # noqa: S704
            style=Markup(self._style),  # noqa: S704
            script=Markup(self._script),  # noqa: S704
            version=__version__,
        )


def _sentence(text: str) -> Markup:
    """A clause as a sentence, with what is between backticks as code."""
    parts = [escape(part) for part in f"{text[:1].upper()}{text[1:]}.".split("`")]
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _meaning(code: Code) -> str:
    return meaning_of(code.outcome, code.status, code.error_code)


def _duration(seconds: float) -> str:
    """Without digits that would change at each reading."""
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"


_FILTERS: dict[str, Any] = {
    "answer_meaning": _meaning,
    "count": numbers.show_count,
    "duration": _duration,
    "moment": show_moment,
    "rate": numbers.show_rate,
    "sentence": _sentence,
    "share": numbers.show_share,
}


def _read(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
