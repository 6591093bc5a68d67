"""What a benchmark hands over: tables of text, and whether the aims are met."""

from collections.abc import Sequence

from attrs import field, frozen


@frozen
class Table:
    """One table as it is printed and published."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    bars: Sequence[tuple[str, float]] = field(default=())
    """What a chart of this table shows, where it has one: names with their values."""
    bars_title: str = ""

    def markdown(self) -> str:
        """The table as it stands in `benchmarks/README.md`."""
        lines = [f"**{self.title}**", "", _row(self.columns), _row(["---", *["---:"] * (len(self.columns) - 1)])]
        lines += [_row(row) for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


@frozen
class Aim:
    """What the project wants, and what was measured."""

    text: str
    measured: str
    met: bool


def aims_table(aims: Sequence[Aim]) -> Table:
    """The aims of one benchmark as its last table."""
    rows = [(aim.text, aim.measured, "met" if aim.met else "MISSED") for aim in aims]
    return Table("Aims", ("aim", "measured", ""), rows)


def at_most(text: str, measured: float, limit: float, form: str = "{:.2f}") -> Aim:
    """An aim that a smaller number meets."""
    return Aim(f"{text}: at most {form.format(limit)}", form.format(measured), measured <= limit)


def at_least(text: str, measured: float, limit: float, form: str = "{:.2f}") -> Aim:
    """An aim that a larger number meets."""
    return Aim(f"{text}: at least {form.format(limit)}", form.format(measured), measured >= limit)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
