"""Does Klarna show the fields that a request gave? The others are not compared: Klarna fills in what it wants."""

import unicodedata
from collections.abc import Mapping

from attrs import frozen


@frozen
class Comparison:
    """The given fields by what is seen of them."""

    other: tuple[str, ...]
    """Klarna shows another value."""
    missing: tuple[str, ...]
    """Klarna does not show them."""
    count: int
    """How many were given."""

    @property
    def is_shown(self) -> bool | None:
        """Are they all shown? None where one is missing, or none was given."""
        if self.other:
            return False
        return None if self.missing or not self.count else True


def compare(given: Mapping[str, object], seen: Mapping[str, object]) -> Comparison:
    """Compare them by name. An empty string clears a field, so it is shown by one that is empty or missing."""
    names = [name for name, value in given.items() if not _is_same(value, seen.get(name))]
    return Comparison(
        other=tuple(name for name in names if seen.get(name) is not None),
        missing=tuple(name for name in names if seen.get(name) is None),
        count=len(given),
    )


def _is_same(given: object, seen: object) -> bool:
    return _normal(given) == _normal("" if seen is None else seen)


def _normal(value: object) -> object:
    """As `is_same_reference` compares: without white space around it, and however its letters are composed."""
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value
