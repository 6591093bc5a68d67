"""What the sandbox sends to the shop: `SandboxPushes` is one part of `Sandbox`."""

from klarna_om.sandbox.push_log import SentPush
from klarna_om.sandbox.push_sender import PushSender
from klarna_om.sandbox.request_handler import RequestHandler


class SandboxPushes:
    """Pushes and fraud notifications, on Klarna's schedule by the sandbox's clock."""

    _handler: RequestHandler
    _push_sender: PushSender

    @property
    def pushes(self) -> tuple[SentPush, ...]:
        """The latest pushes and notifications that were sent, in the order in which they were answered."""
        with self._handler.lock:
            return tuple(self._push_sender.sent)

    async def send_due_pushes(self) -> None:
        """Send everything that is due now; when it returns, `pushes` has all of it.

        The sandbox does so by itself, soon after `clock` was set forward. Call this from any event loop, for a test
        that goes on when the shop has answered.
        """
        await self._push_sender.send_due()
