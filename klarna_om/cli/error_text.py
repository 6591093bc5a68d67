"""What stopped a run, for a person: the cause first, then how far it came, then what to do."""

from klarna_om.batch.failure_text import describe_failure
from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.run import Failure, RunResult
from klarna_om.errors import CertificateRejected, ConnectionFailed, KlarnaError, Unauthorized
from klarna_om.http.proxy import proxy_variable

_CONTINUE = "then run the same command again; what was not sent is still pending"


def error_text(result: RunResult, error: Failure) -> str:
    """The error that stopped the run, and what to do about it."""
    if not isinstance(error, KlarnaError):
        return str(error)
    progress = f"after {result.totals.done} of {result.totals.orders} orders were done"
    if isinstance(error, BatchStopped):  # its message contains the cause and the advice
        return with_option_names(f"stopped {progress}: {error}")
    answer = f" [{error.correlation_id}]" if error.correlation_id else ""
    return f"stopped: {describe_failure(error, result.target)}{answer}, {progress}. {_advice(error, result.target)}"


def _advice(error: KlarnaError, target: str) -> str:
    environment = f"KLARNA_OM_ENVIRONMENT ({target})"
    if isinstance(error, Unauthorized):
        return (
            f"Check the credentials, and that they belong to {environment}, {_CONTINUE}. For another environment name"
            " a new journal too (--journal FILE)"
        )
    if isinstance(error, CertificateRejected):
        return (
            "Where a proxy inspects TLS, pass its certificate authority with --ca FILE; else check"
            f" {environment} and this machine's clock; {_CONTINUE}"
        )
    if isinstance(error, ConnectionFailed):
        return f"Check {environment} and the network{_unused_proxy(error, target)}, {_CONTINUE}"
    return f"What to do: {with_option_names(error.what_to_do())}; {_CONTINUE}"


def _unused_proxy(error: ConnectionFailed, target: str) -> str:
    """Advice about a proxy in the environment, where the client noticed that it does not use one."""
    return (
        f" (to go through the proxy of {proxy_variable(target)}: --proxy env)" if "--proxy env" in error.message else ""
    )
