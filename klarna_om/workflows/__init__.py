"""Functions that combine calls: each writes at most once, and reads the order where an answer leaves a doubt."""

from klarna_om.workflows.cancel_or_release import EndResult, cancel_or_release
from klarna_om.workflows.capture_once import capture_once
from klarna_om.workflows.capture_remaining import capture_remaining
from klarna_om.workflows.ensure_acknowledged import ensure_acknowledged
from klarna_om.workflows.explain_refusal import RefusalExplanation, explain_refusal
from klarna_om.workflows.extend_in_time import ExtendResult, extend_in_time
from klarna_om.workflows.refund_once import refund_once

__all__ = [
    "EndResult",
    "ExtendResult",
    "RefusalExplanation",
    "cancel_or_release",
    "capture_once",
    "capture_remaining",
    "ensure_acknowledged",
    "explain_refusal",
    "extend_in_time",
    "refund_once",
]
