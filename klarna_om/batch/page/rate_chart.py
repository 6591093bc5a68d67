"""The picture of the rate: requests a second over time, against the limit."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from matplotlib.figure import Figure

from klarna_om.batch.job_facts import Limit, Stretch
from klarna_om.batch.page.chart_style import FONT, WIDTH, style_axes
from klarna_om.batch.page.svg import COLOURS, make_svg

STATES = ("done", "refused", "unknown", "escalated", "pending")
"""From the bottom to the top."""

LEAST_PART = 0.2
"""Of the width, for the shortest stretch."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)
"""Seconds between two marks of the time."""

TICK = 0.8
"""Inches that a mark needs."""


def draw_rate(stretches: Sequence[Stretch], limits: Sequence[Limit]) -> str:
    """One plot for each stretch, with one scale of the rate for all."""
    whole = sum(stretch.seconds for stretch in stretches)
    parts = [max(stretch.seconds / whole, LEAST_PART) for stretch in stretches]
    figure: Any = Figure(figsize=(WIDTH, 2.6), layout="constrained")
    row: Any = figure.subplots(1, len(stretches), sharey=True, squeeze=False, width_ratios=parts)[0]
    top = max([peak(stretch) for stretch in stretches] + [limit.ceiling for limit in limits])
    for number, (axes, stretch, part) in enumerate(zip(row, stretches, parts, strict=True)):
        style_axes(axes, "" if number else "requests per second")
        _draw_requests(axes, stretch)
        _draw_limits(axes, stretch, limits)
        axes.set_ylim(0, top * 1.08)
        _label_times(axes, stretch, max(1, int(part / sum(parts) * WIDTH / TICK)))
    return make_svg(figure, "rate", "Requests per second over time, against the rate limit")


def peak(stretch: Stretch) -> float:
    """The most requests a second."""
    return max(map(sum, zip(*stretch.requests.values(), strict=True))) / stretch.width


def is_slowed_down(limits: Sequence[Limit]) -> bool:
    """Was the rate ever below the limit, as it is after a 429?"""
    return any(limit.rate < limit.ceiling for limit in limits)


def _draw_requests(axes: Any, stretch: Stretch) -> None:
    bins = len(next(iter(stretch.requests.values())))
    edges = [number * stretch.width for number in range(bins + 1)]
    base = [0.0] * bins
    for state in STATES:
        if (counts := stretch.requests.get(state)) is not None:
            top = [below + count / stretch.width for below, count in zip(base, counts, strict=True)]
            axes.stairs(top, edges, baseline=base, fill=True, color=COLOURS[state], linewidth=0)
            base = top
    axes.set_xlim(0, edges[-1])


def _draw_limits(axes: Any, stretch: Stretch, limits: Sequence[Limit]) -> None:
    """The limit, and below it the rate where a 429 left less of it."""
    if not limits:
        return
    times = [(limit.at - stretch.start).total_seconds() for limit in limits]
    # The first limit is recorded with the first result, and was there before.
    times = [min(times[0], 0), *times[1:], max(stretch.seconds, times[-1])]
    lines = [([limit.ceiling for limit in limits], "limit", (6.0, 2.0))]
    if is_slowed_down(limits):
        lines.insert(0, ([limit.rate for limit in limits], "muted", (1.5, 1.5)))
    for values, colour, dashes in lines:
        steps = [*values, values[-1]]
        axes.step(times, steps, where="post", color=COLOURS[colour], linewidth=1.5, dashes=dashes)


def _label_times(axes: Any, stretch: Stretch, ticks: int) -> None:
    """Times of the clock, and the date below."""
    step = next((step for step in STEPS if stretch.seconds / step <= ticks), STEPS[-1])
    first = int(-stretch.start.timestamp() % step)
    marks = range(first, stretch.seconds + 1, step) or (0,)
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < STEPS[-1] else "%m-%d"
    axes.set_xticks(marks, [f"{stretch.start + timedelta(seconds=mark):{form}}" for mark in marks])
    axes.set_xlabel(f"{stretch.start:%Y-%m-%d}", color=COLOURS["muted"], fontsize=FONT)
