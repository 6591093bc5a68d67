"""How all pictures of the page look."""

from typing import Any

from matplotlib.ticker import MaxNLocator

from klarna_om.batch.page.svg import COLOURS

WIDTH = 4.6
"""Inches: as wide as half a screen and a whole phone, so that its text can be read on both."""

FONT = 10
"""Points."""


def style_axes(axes: Any, ylabel: str = "") -> None:
    """Little ink: a base line, and light lines for the values."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["grid"])
    axes.grid(axis="y", color=COLOURS["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=COLOURS["muted"], labelsize=FONT, length=0, pad=5)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if ylabel:
        axes.set_ylabel(ylabel, color=COLOURS["muted"], fontsize=FONT)
    else:
        axes.tick_params(axis="y", labelleft=False)


def write_beside(axes: Any, text: str, point: tuple[float, float], offset: float, **where: Any) -> None:
    """Text at a distance in points from a point of the data."""
    axes.annotate(
        text,
        point,
        xytext=(offset, 0),
        textcoords="offset points",
        fontsize=FONT,
        color=COLOURS["ink"],
        parse_math=False,
        **where,
    )
