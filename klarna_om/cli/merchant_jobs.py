"""The jobs of several merchants in one command: a manifest for each, or one with a column that names them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import click
from attrs import evolve, frozen

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.row_parser import RowParser
from klarna_om.cli.batch_options import Settings
from klarna_om.cli.files import check_files, choose_files
from klarna_om.cli.manifest_argument import NamedManifest
from klarna_om.cli.manifest_lines import open_lines

SHOWN = 5
"""Lines without a merchant that the error names."""


@frozen
class MerchantJob:
    """One merchant's part."""

    settings: Settings
    is_own: Callable[[Entry], bool] = lambda _: True
    """Is this line of the manifest a line of this merchant's?"""

    @property
    def merchant(self) -> str:
        """Its name."""
        assert self.settings.merchant is not None
        return self.settings.merchant

    def lines(self) -> Iterator[Entry]:
        """The lines of this merchant's, with the numbers that they have in the manifest."""
        settings = self.settings
        # Here, and not in the thread that reads: the command's options are known to its own thread only.
        parser = RowParser(settings.operation, settings.column, kustom=settings.is_kustom())
        return self._read(parser)

    def _read(self, parser: RowParser) -> Iterator[Entry]:
        with open_lines(self.settings.manifest, parser) as entries:
            yield from filter(self.is_own, entries)


def jobs_of_manifests(settings: Settings, manifests: list[NamedManifest]) -> list[MerchantJob]:
    """A job for each manifest, with journal and report beside it."""
    jobs: list[MerchantJob] = []
    for named in manifests:
        journal, report = choose_files(named.manifest, None, None)
        own = evolve(
            settings, manifest=named.manifest, merchant=named.merchant, journal=journal, report=report, html=None
        )
        jobs.append(MerchantJob(_with_page(own, settings.html)))
    return jobs


def jobs_of_column(settings: Settings, column: str) -> list[MerchantJob]:
    """A job for each merchant that the column names, in the order of their first lines; blank lines are the first's.

    Raises `ManifestError` for lines that name none: nobody could say whose they are.
    """
    if settings.manifest == "-":
        raise click.UsageError("--merchant-column needs a file: it is read once for each merchant")
    jobs: list[MerchantJob] = []
    for name in _names(settings, column):
        own = evolve(
            settings,
            merchant=name,
            journal=_insert(settings.journal, name),
            report=_insert(settings.report, name),
        )
        own = _with_page(own, settings.html)
        check_files(Path(own.manifest), own.journal, own.report, own.html)
        jobs.append(MerchantJob(own, _owns(name, column, has_blanks=not jobs)))
    return jobs


def _owns(name: str, column: str, *, has_blanks: bool) -> Callable[[Entry], bool]:
    def is_own(entry: Entry) -> bool:
        return has_blanks if entry.problem is Problem.BLANK else _merchant_of(entry, column) == name

    return is_own


def _names(settings: Settings, column: str) -> list[str]:
    names: dict[str, None] = {}
    lost: list[int] = []
    with open_lines(settings.manifest, RowParser(settings.operation, settings.column)) as entries:
        for entry in entries:
            if name := _merchant_of(entry, column):
                names[name] = None
            elif entry.problem is not Problem.BLANK:
                lost.append(entry.line)
    if lost:
        shown = ", ".join(map(str, lost[:SHOWN])) + (f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else "")
        raise ManifestError(f"no merchant can be read in the column {column!r} of line {shown}; mend that first")
    return [*names]


def _merchant_of(entry: Entry, column: str) -> str:
    value = entry.columns.get(column)
    return "" if value is None else str(value).strip()


def _with_page(settings: Settings, html: Path | None) -> Settings:
    return settings if html is None else evolve(settings, html=_insert(html, settings.merchant or ""))


def _insert(path: Path, name: str) -> Path:
    """`orders.report.csv` of the merchant `shop-se` is `orders.report.shop-se.csv`."""
    return path.with_name(f"{path.stem}.{name}{path.suffix}")
