"""Rules about requests and answers: idempotency keys, statuses and headers, the quota."""

from klarna_om.sandbox.idempotency import KEY_LIFETIME
from klarna_om.sandbox.rate_limit import LIVE_LIMIT
from klarna_om.sandbox.request_body import MAX_BODY_SIZE
from klarna_om.sandbox.rules import sources
from klarna_om.sandbox.rules.rule import shown_by

_HOUR = 3600
_key = shown_by("sandbox/test_idempotency.py")
_answer = shown_by("sandbox/test_responses.py")
_quota = shown_by("sandbox/test_rate_limit.py")

KEYS = (
    _key(
        "key-once",
        f"a write is executed once under a `Klarna-Idempotency-Key`, for {KEY_LIFETIME // _HOUR} hours",
        sources.RETRY,
        "a_key_is_forgotten_after_24_hours",
    ),
    _key(
        "key-age", "the time counts from the first attempt", sources.RETRY, "the_24_hours_count_from_the_first_attempt"
    ),
    _key(
        "key-repeat",
        "a repeat gets the first response again",
        sources.RETRY,
        "a_repeat_with_a_key_gets_the_first_response_without_an_effect",
    ),
    _key(
        "key-only",
        "nothing but the key is compared: a repeat with another body gets the first response, not a 409",
        sources.OPENAPI,
        "the_body_of_a_repeat_is_ignored",
    ),
    _key(
        "key-everywhere",
        "a key counts for all operations and orders of the merchant together",
        sources.NOWHERE,
        "the_operation_of_a_repeat_is_ignored_too",
    ),
    _key("no-key", "without a key every call is executed", sources.RETRY, "every_call_without_a_key_is_executed"),
    _key(
        "key-in-flight",
        "a repeat while the first call is under way waits for its result",
        sources.NOWHERE,
        "a_repeat_waits_for_the_result_of_the_running_call",
    ),
    _key(
        "key-refusals",
        "an order's refusal is kept under the key like a success; what refuses the request itself is not",
        sources.NOWHERE,
        "a_refusal_of_the_ledger_is_stored",
    ),
)
ANSWERS = (
    _answer(
        "login-page",
        "wrong credentials get 401 with a web page, without a `Klarna-Correlation-Id`",
        sources.SOLIDUS,
        "wrong_credentials_get_the_gateways_401_page",
    ),
    _answer(
        "api-key",
        "an API key is sent as it is after `Basic `",
        sources.AUTHENTICATION,
        "an_api_key_is_accepted",
    ),
    _answer(
        "error-object",
        "an error has `error_code`, `error_messages` and `correlation_id`",
        sources.ERROR_RULE,
        "a_refusal_has_klarnas_error_envelope",
    ),
    _answer(
        "correlation-id",
        "each answer of the API has a `Klarna-Correlation-Id` of its own",
        sources.WORKAREA,
        "every_exchange_has_a_different_correlation_id",
    ),
    _answer(
        "no-content",
        "a write that creates nothing gets 204 without a body",
        sources.OPENAPI,
        "a_write_without_a_new_id_is_a_204_without_a_body",
    ),
    _answer(
        "capture-201",
        "a capture gets 201 without a body, its id in `Capture-Id` and `Location`",
        sources.OPENAPI,
        "a_capture_is_a_201_with_its_id_in_the_headers",
    ),
    _answer(
        "refund-201",
        "a refund gets 201 with its id in `Refund-Id` and `Location`; the body is empty, as recorded,"
        " where the specification has a string",
        sources.WORKAREA,
        "a_refund_is_a_201_with_its_id",
    ),
    _answer(
        "body-size",
        f"a body above {MAX_BODY_SIZE // 1_000_000} MB gets 413",
        sources.SIZES,
        "a_body_above_one_megabyte_is_a_413",
    ),
    _answer(
        "field-limit",
        "a value out of bounds gets 422 `UNPROCESSABLE_ENTITY`",
        sources.ERROR_CODES,
        "a_value_out_of_bounds_is_a_422",
    ),
    _answer(
        "field-type",
        "a field that is missing or of a wrong type gets 400 `BAD_VALUE`",
        sources.NOWHERE,
        "a_missing_field_is_worded_as_recorded",
    ),
    _answer(
        "content-type",
        "a body that is no `application/json` gets 415",
        sources.NOWHERE,
        "a_body_of_another_content_type_is_a_415",
    ),
)
QUOTA = (
    _quota(
        "quota-429",
        f"a merchant has {LIVE_LIMIT} requests a second (`--limit` sets it); beyond it each request gets 429",
        sources.RATE,
        "requests_beyond_the_quota_get_429_until_the_next_second",
    ),
    _quota(
        "quota-headers",
        "each answer has `X-Ratelimit-Limit`, `X-Ratelimit-Remaining` and `X-Ratelimit-Reset` (seconds)",
        sources.RATE,
        "every_response_has_the_quota_in_klarnas_format",
    ),
    _quota("quota-reads", "reads use the quota too", sources.RATE, "reads_use_the_quota_too"),
    _quota(
        "quota-windows",
        "the quota begins anew with each full second, so that a burst meets 429",
        sources.NOWHERE,
        "requests_beyond_the_quota_get_429_until_the_next_second",
    ),
)
