"""The pictures that count: all lines by outcome, rows by how long they took, rows by their error code."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from klarna_om.batch.calls import in_one_line
from klarna_om.batch.job_facts import Group
from klarna_om.batch.page.chart_style import WIDTH, style_axes, write_beside
from klarna_om.batch.page.numbers import Distribution, histogram, percentile, show_count, show_duration
from klarna_om.batch.page.svg import COLOURS, make_svg

PERCENTILES = ((0.5, 1.0), (0.95, 0.92), (0.99, 0.84))
"""Those that are marked, each up to its own height above the bars, so that no two texts meet."""

HEADROOM = 1.45
"""Of the highest bar, for those texts."""

MARGIN = 1.25
"""Times the least and the greatest, so that a single value is no whole picture."""

MAX_NAME = 40
"""Characters of an error code that fit in a picture."""

BINS = 40
"""Bars of the distribution."""


def draw_totals(counts: Sequence[tuple[str, int]]) -> str:
    """One bar of all lines."""
    figure: Any = Figure(figsize=(WIDTH, 0.12))
    axes: Any = figure.add_axes((0, 0, 1, 1))
    left = 0
    for name, count in counts:
        axes.barh(0, count, left=left, height=1, color=COLOURS[name])
        left += count
    axes.set(xlim=(0, left), ylim=(-0.5, 0.5))
    axes.axis("off")
    return make_svg(figure, "totals", ", ".join(f"{count} {name}" for name, count in counts))


def draw_durations(durations: Distribution) -> str:
    """How long rows took, with the median and the slowest ones marked."""
    edges, counts = histogram(durations, BINS)
    figure: Any = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    axes: Any = figure.subplots()
    style_axes(axes, "rows")
    axes.set_xscale("log")
    axes.stairs(counts, edges, fill=True, color=COLOURS["accent"])
    for share, height in PERCENTILES:
        value = max(percentile(durations, share), 1)
        axes.axvline(value, ymax=height - 0.07, color=COLOURS["ink"], linewidth=1, dashes=(3, 2))
        where = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "top"}
        write_beside(axes, f"{100 * share:.0f} %", (value, height), offset=0, **where)
    axes.set(xlim=(edges[0] / MARGIN, edges[-1] * MARGIN), ylim=(0, max(counts) * HEADROOM))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(_format_tick))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", length=0)
    return make_svg(figure, "durations", "How long rows took, from the first call to the result")


def draw_codes(groups: Sequence[Group]) -> str:
    """Rows by the answer that they ended with."""
    figure: Any = Figure(figsize=(WIDTH, 0.46 * len(groups) + 0.1), layout="constrained")
    axes: Any = figure.subplots()
    for number, group in enumerate(groups):
        axes.barh(number, group.count, height=0.36, color=COLOURS[group.outcome])
        write_beside(axes, name_of(group), (0, number - 0.27), offset=0, va="bottom")
        write_beside(axes, show_count(group.count), (group.count, number), offset=5, va="center")
    axes.set(xlim=(0, max(group.count for group in groups) * 1.15), ylim=(len(groups) - 0.7, -0.9))
    axes.axis("off")
    return make_svg(figure, "codes", "Rows by error code")


def name_of(group: Group) -> str:
    """The answer that a group has in common, as far as a picture can show what any server may send."""
    answer = " ".join(str(part) for part in (group.status, group.error_code) if part is not None)
    text = in_one_line(answer).encode("ascii", "replace").decode()[:MAX_NAME]
    nothing = "not sent" if group.outcome == "refused" else "without an answer"
    return f"{text or nothing}, {group.outcome}"


def _format_tick(value: float, _: int) -> str:
    return show_duration(value)
