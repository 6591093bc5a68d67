"""Faults that a test requests with `fail_next`: the next requests meet them, before the fault plan applies."""

from collections.abc import Mapping

from attrs import define

from klarna_om.sandbox.faults import DEFAULT_SECONDS, KINDS, Fault, describe_faults

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@define
class _QueuedFault:
    remaining: int
    fault: Fault
    operation: str | None
    order_id: str | None


class FaultQueue:
    """Faults in the order in which they were added; a request takes the first one that matches it."""

    def __init__(self) -> None:
        self._entries: list[_QueuedFault] = []

    def add(self, times: int, fault: Fault, operation: str | None, order_id: str | None) -> None:
        """Let the next `times` matching requests meet this fault."""
        if times < 1:
            raise ValueError(f"times={times}: at least one request must fail")
        self._entries.append(_QueuedFault(times, fault, operation, order_id))

    def next(self, operation: str, order_id: str) -> Fault | None:
        """Take the fault for this request, if there is one."""
        for entry in self._entries:
            if entry.operation in (None, operation) and entry.order_id in (None, order_id):
                return self._take(entry)
        return None

    def clear(self) -> None:
        """Drop all faults that have not happened yet."""
        self._entries.clear()

    def _take(self, entry: _QueuedFault) -> Fault:
        entry.remaining -= 1
        if entry.remaining <= 0:
            self._entries.remove(entry)
        return entry.fault


def make_fault(status: int | None, kind: str | None, seconds: float | None, headers: Mapping[str, str] | None) -> Fault:
    """The fault that the arguments of `fail_next` describe: a status or the name of a fault, not both."""
    if status is not None and kind is None:
        return _status_fault(status, headers or {})
    if kind is not None and status is None:
        return _named_fault(kind, seconds, headers or {})
    raise ValueError("give one of status= and fault=, such as fail_next(2, status=503)")


def _status_fault(status: int, headers: Mapping[str, str]) -> Fault:
    if status not in REDIRECTS and not 400 <= status < 600:
        raise ValueError(f"status={status}: a failure is 400 to 599, or a redirect ({sorted(REDIRECTS)})")
    return Fault("status", status=status, headers=headers)


def _named_fault(kind: str, seconds: float | None, headers: Mapping[str, str]) -> Fault:
    if kind not in KINDS:
        raise ValueError(f"no fault {kind!r}; available are {describe_faults()}")
    return Fault(kind, DEFAULT_SECONDS.get(kind, 0.0) if seconds is None else seconds, headers=headers)
