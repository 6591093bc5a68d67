"""The page as text: the template, the style, and the pictures."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from klarna_om.batch.job_facts import Group, JobFacts
from klarna_om.batch.moments import show_moment
from klarna_om.batch.page import advice, numbers
from klarna_om.batch.page.count_charts import PERCENTILES, draw_codes, draw_durations, draw_totals
from klarna_om.batch.page.rate_chart import draw_rate, is_slowed_down, peak
from klarna_om.batch.page.view import View, show_columns
from klarna_om.batch.totals import Totals
from klarna_om.version import __version__

PACKAGE = "klarna_om.batch.page"

MOST_CODES = 10
"""Groups that are pictured."""

OUTCOMES = (
    ("done", "Klarna did it"),
    ("refused", "Klarna answered no; nothing happened"),
    ("unknown", "sent, and no answer shows its effect"),
    ("escalated", "no repeat will show its effect"),
    ("pending", "not called yet"),
    ("malformed", "cannot be sent as it is"),
    ("conflict", "another request under a known reference"),
    ("duplicate", "the same as an earlier line"),
    ("blank", "without data"),
)
"""In the order in which they are shown, each with what it means."""


def render(view: View) -> str:
    """The whole page."""
    style = files(PACKAGE).joinpath("page.css").read_text("utf-8")
    facts = view.facts
    template = _environment().get_template("page.html.j2")
    return template.render(
        view=view,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        outcomes=[(name, meaning, getattr(view.totals, name)) for name, meaning in OUTCOMES],
        totals=_draw_totals(view.totals),
        rate=_markup(draw_rate(facts.stretches, facts.limits)) if facts.stretches else None,
        durations=_markup(draw_durations(facts.durations)) if facts.durations else None,
        codes=_draw_codes(facts.groups),
        speed=_speed(facts),
        is_slowed_down=is_slowed_down(facts.limits),
        percentiles=_percentiles(facts.durations),
        sources=advice.SOURCES,
        version=__version__,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "columns": show_columns,
        "count": numbers.show_count,
        "duration": numbers.show_duration,
        "moment": show_moment,
        "rate": numbers.show_rate,
        "sentence": _sentence,
        "share": numbers.show_share,
    }
    environment.filters.update(filters)
    return environment


def _draw_totals(totals: Totals) -> Markup | None:
    counts = [(name, getattr(totals, name)) for name, _ in OUTCOMES]
    return _markup(draw_totals([(name, count) for name, count in counts if count])) if totals.lines else None


def _draw_codes(groups: Sequence[Group]) -> Markup | None:
    called = [group for group in groups if group.outcome not in ("malformed", "conflict")]
    return _markup(draw_codes(called[:MOST_CODES])) if called else None


def _speed(facts: JobFacts) -> dict[str, float]:
    """Requests a second, at most and on average in the picture, and the requests that it leaves out."""
    if not (stretches := facts.stretches):
        return {}
    requests = sum(sum(map(sum, stretch.requests.values())) for stretch in stretches)
    return {
        "peak": max(map(peak, stretches)),
        "mean": requests / sum(stretch.seconds for stretch in stretches),
        "left_out": facts.requests - requests,
    }


def _percentiles(durations: numbers.Distribution) -> list[tuple[str, int]]:
    """How long rows took: half of them, nearly all, and the slowest."""
    if not durations:
        return []
    found = [(f"{100 * share:.0f} %", numbers.percentile(durations, share)) for share, _ in PERCENTILES]
    return [*found, ("slowest", durations[-1][0])]


def _sentence(text: str) -> Markup:
    """A clause as a sentence, with what is between backticks as code."""
    parts = [escape(part) for part in f"{text[:1].upper()}{text[1:]}.".split("`")]
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _markup(svg: str) -> Markup:
    """What `make_svg` has made, in which all text is escaped."""
    return Markup(svg)  # noqa: S704 - as above
