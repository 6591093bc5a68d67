"""Effects: writes that were executed, neither refused nor answered from the key store."""

from collections import defaultdict
from collections.abc import Iterator


class Effects:
    """How often each operation was executed, by order. Adding one costs two dictionary look-ups."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._totals: defaultdict[str, int] = defaultdict(int)

    def add(self, operation: str, order_id: str) -> None:
        """Count one execution."""
        orders = self._counts[operation]
        orders[order_id] = orders.get(order_id, 0) + 1
        self._totals[operation] += 1

    def count(self, order_id: str | None = None, operation: str | None = None) -> int:
        """How many there were: of one order, of one operation, of both, or in all."""
        operations = tuple(self._totals) if operation is None else (operation,)
        if order_id is None:
            return sum(self._totals.get(each, 0) for each in operations)
        return sum(self._counts.get(each, {}).get(order_id, 0) for each in operations)

    def count_orders(self, operation: str) -> int:
        """For how many different orders the operation was executed."""
        return len(self._counts.get(operation, {}))

    def repeated_orders(self, operation: str) -> tuple[str, ...]:
        """The orders for which the operation was executed more than once."""
        return tuple(order_id for order_id, count in self._counts.get(operation, {}).items() if count > 1)

    def __iter__(self) -> Iterator[str]:
        """The operations that had an effect."""
        return iter(tuple(self._totals))
