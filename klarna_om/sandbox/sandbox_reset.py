"""A new start without a new process: `SandboxReset` is one part of `Sandbox`."""

from klarna_om.sandbox.faults import FaultInjector, FaultPlan
from klarna_om.sandbox.push_sender import PushSender
from klarna_om.sandbox.rate_limit import Quota
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.request_log import RequestLog
from klarna_om.sandbox.scenarios.runs import ScenarioRuns


class SandboxReset:
    """Brings the sandbox back to what it was when it was made."""

    _handler: RequestHandler
    _push_sender: PushSender
    _scenario_runs: ScenarioRuns
    _seed: int
    _order_count: int
    _first_faults: FaultPlan
    _first_limit: int | None

    def reset(self) -> None:
        """Forget added orders, effects, keys, logs, failures and scenarios; plan, quota and clock are as at the start.

        The seeded orders are there again as if nothing had happened to them. A request that is under way finds none
        of what was forgotten.
        """
        handler = self._handler
        with handler.lock:
            handler.ledger, handler.keys, handler.log = handler.ledger.restart(), handler.keys.restart(), RequestLog()
            handler.quota = Quota(self._first_limit, handler.clock)
            handler.fault_queue.clear()
            handler.fault_injector = FaultInjector(self._first_faults, self._seed)
            self._push_sender.forget()
            self._scenario_runs.clear()
            self._order_count = 0
        handler.clock.reset()
