"""The names of operations, as the catalogue writes them."""

from klarna_om.catalogue import CATALOGUE

_OPERATIONS = frozenset(row.name for row in CATALOGUE)


def check_operation(operation: str | None) -> str | None:
    """Refuse a misspelt name: its count would be 0, and a test would not notice."""
    if operation is not None and operation not in _OPERATIONS:
        raise ValueError(f"no operation {operation!r}; the catalogue has {', '.join(sorted(_OPERATIONS))}")
    return operation
