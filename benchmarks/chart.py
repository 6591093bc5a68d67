"""The charts of `benchmarks/README.md`, as SVG."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.generated import module
from benchmarks.tables import Table

OURS_COLOUR, OTHERS_COLOUR = "#c2185b", "#9aa0a6"


def draw(path: Path, tables: Sequence[Table]) -> None:
    """One row of horizontal bars for each table that has some."""
    matplotlib = module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "klarna_om"  # the same numbers give the same file
    plots = module("matplotlib.pyplot")
    height = sum(0.35 * len(table.bars) + 0.9 for table in tables)
    figure, axes = plots.subplots(len(tables), 1, figsize=(9, height), squeeze=False)
    for axis, table in zip(axes[:, 0], tables, strict=True):
        names, values = [name for name, _ in table.bars], [value for _, value in table.bars]
        colours = [OURS_COLOUR if name.startswith("klarna_om") else OTHERS_COLOUR for name in names]
        bars = axis.barh(names, values, color=colours)
        axis.bar_label(bars, fmt="%.0f", padding=3)
        axis.invert_yaxis()
        axis.set_title(table.bars_title or table.title, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plots.close(figure)
