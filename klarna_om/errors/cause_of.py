"""What a log line may say of an exception that is not ours."""

from klarna_om.errors.tree import ConfigurationError


def cause_of(error: BaseException) -> str:
    """What was raised, and where. The text of an error of somebody else's may hold personal data, so it is left out."""
    if isinstance(error, ConfigurationError):
        return f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "an unknown place" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__name__} at {place}"
