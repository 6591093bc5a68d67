"""What a shop means to happen, on top of the plain calls: helpers that read the order's state where that settles it."""

from klarna_om.intents.acknowledging import ensure_acknowledged
from klarna_om.intents.capturing import capture_once
from klarna_om.intents.ending import Ended, cancel_or_release
from klarna_om.intents.refunding import refund_once

__all__ = ["Ended", "cancel_or_release", "capture_once", "ensure_acknowledged", "refund_once"]
