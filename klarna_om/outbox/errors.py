"""What can go wrong with the outbox itself."""

from klarna_om.errors import ConfigurationError, KeyExpired, KlarnaError, ReferenceTaken


class ReferenceInUse(ReferenceTaken):
    """The order has an intent of this operation and reference with another body. Nothing was added.

    Under one reference Klarna would get one of the two; so give each intent a reference of its own.
    """

    advice = "nothing was added; give each intent a reference of its own"


class IntentNotFound(KlarnaError, LookupError):
    """There is no intent with this id: it was rolled back, never committed, or it is in another database."""


class SchemaMissing(ConfigurationError):
    """The outbox's tables are missing, or of another version: `await create_schema(connection)` makes them."""


class LeaseLost(KeyExpired):
    """The lease was not renewed in time, so another process may be at work on the intent. Nothing was sent."""
