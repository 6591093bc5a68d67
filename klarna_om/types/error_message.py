"""The body of an error."""

from attrs import field, frozen

from klarna_om.types.model import response_model


@response_model
@frozen(kw_only=True, slots=False)
class ErrorMessage:
    """The body of a refusal. The specification has eight schemas of this one shape.

    Act on `error_code` only. https://docs.klarna.com/api/errors
    """

    error_code: str | None = field(default=None)
    """One of `ErrorCode`, or a newer word."""
    error_messages: tuple[str, ...] = field(default=())
    error_message: str | None = field(default=None)
    """In no specification of this API; Klarna's general rule allows it in place of `error_messages`."""
    correlation_id: str | None = field(default=None)
    """Quote it to Klarna's support. Not always a full UUID."""
