"""OpenTelemetry: spans and metrics of a client. `pip install 'klarna-om[otel]'`.

    from klarna_om.otel import OpenTelemetry

    telemetry = OpenTelemetry()  # one for the process, whatever number of clients
    klarna = KlarnaClient(..., telemetry=telemetry)

Spans. Each call has an INTERNAL span named after its operation (`orders.acknowledge`), each attempt a CLIENT span below
it, named after method and path template, with the stable HTTP attributes (`http.request.method`, `url.full`,
`server.address`, `server.port`, `http.response.status_code`, `http.request.resend_count`, `error.type`). No name has an
id in it. `url.full` is without its query, and for `klarna.request(...)` it has `{}` in place of each segment that no
method knows. `url.template` is not stable yet, so it is `klarna_om.url_template` here. Both kinds have
`klarna_om.operation`, `.order_id`, `.idempotency_key`, `.outcome` and `.correlation_id`; a call has `.attempts` and
`.error_code` too. Never a body, a message of an answer or a credential.

Metrics, none with an id of an order, a key or a correlation id:

- `http.client.request.duration`, seconds, each attempt on the wire;
- `klarna_om.call.duration`, seconds, each call with all its waits, by `klarna_om.outcome`: watch `unknown`;
- `klarna_om.pace.wait`, seconds that an attempt waited for its place and its slot in the rate limit;
- `klarna_om.retry.budget`, what is left of the retry budget, from 1 to 0: at 0 nothing is retried;
- `klarna_om.outbox.lag` and `klarna_om.outbox.intents`, once `observe_outbox` was called.

No trace header goes to Klarna, whose documents ask not to send any. The instrumentation of aiohttp is switched off for
these requests, so it neither counts them again nor adds its header.
"""

try:
    from klarna_om.otel.telemetry import OpenTelemetry
except ModuleNotFoundError as missing:
    if not (missing.name or "").startswith("opentelemetry"):
        raise
    raise ModuleNotFoundError(
        "klarna_om.otel needs one more package. Install it with: pip install 'klarna-om[otel]'", name=missing.name
    ) from missing

__all__ = ["OpenTelemetry"]
