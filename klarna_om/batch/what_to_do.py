"""What a person does about a line of a manifest, by its outcome."""

from collections.abc import Mapping

WHAT_TO_DO: Mapping[str, str] = {
    "unknown": "run the job again: what may have been sent is repeated under its key",
    "escalated": "look the order up at Klarna; its support needs the order, the correlation id and the idempotency key",
    "refused": "correct what Klarna names, then `klarna-om batch retry JOURNAL --refused`",
    "pending": "run the job again: it was not called, or nothing of it was sent",
    "malformed": "correct the line and run the job again",
    "conflict": "give the request a reference of its own, if it is another one",
}
