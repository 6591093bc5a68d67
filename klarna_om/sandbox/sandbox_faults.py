"""Faults and the quota, as a test sets them: `SandboxFaults` is one part of `Sandbox`."""

from collections.abc import Mapping

from klarna_om.sandbox.fault_queue import make_fault
from klarna_om.sandbox.faults import FaultInjector, FaultPlan
from klarna_om.sandbox.operation_names import check_operation
from klarna_om.sandbox.request_handler import RequestHandler


class SandboxFaults:
    """The next requests that fail, the fault plan for all of them, and the merchant's quota."""

    _handler: RequestHandler
    _seed: int

    def fail_next(
        self,
        times: int = 1,
        status: int | None = None,
        *,
        fault: str | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        operation: str | None = None,
        order_id: str | None = None,
    ) -> None:
        """Let the next `times` requests fail: with an error `status` and no effect, or with a named `fault`.

        `operation` and `order_id` limit it to matching requests. `headers` are added to the response. The
        faults are those of `FaultPlan`; `seconds` is for `slow` and `burst-429`.
        """
        queued = make_fault(status, fault, seconds, headers)
        with self._handler.lock:
            self._handler.fault_queue.add(times, queued, check_operation(operation), order_id)

    def clear_failures(self) -> None:
        """Drop the failures of `fail_next` that have not happened yet."""
        with self._handler.lock:
            self._handler.fault_queue.clear()

    @property
    def faults(self) -> FaultPlan:
        """The fault plan. It may be changed while the sandbox serves, to a plan or its text."""
        return self._handler.fault_injector.plan

    @faults.setter
    def faults(self, faults: FaultPlan | str) -> None:
        plan = to_plan(faults)
        with self._handler.lock:
            self._handler.fault_injector = FaultInjector(plan, self._seed)

    @property
    def limit(self) -> int | None:
        """Requests a second, None for no limit. It may be changed while the sandbox serves."""
        return self._handler.quota.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self._handler.quota.limit = limit


def to_plan(faults: FaultPlan | str) -> FaultPlan:
    """A plan, from itself or its text."""
    return FaultPlan.parse(faults) if isinstance(faults, str) else faults
