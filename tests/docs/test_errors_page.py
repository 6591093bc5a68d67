"""docs/errors.md has every code, status and class, with what the code of the client says of it."""

import re

import pytest
from msgspec.structs import replace

import klarna_om
from klarna_om import ErrorCode, KlarnaError, Request, Response, StatusError
from klarna_om.answers.classification import classify
from klarna_om.answers.error_from_response import class_of, error_from_response
from klarna_om.batch.page.advice import MEANINGS
from klarna_om.exchange import CORRELATION_HEADER, KEY_HEADER
from klarna_om.retry.rules import rule_for
from klarna_om.sandbox.responses import ERROR_CODES
from tests.docs.pages import PAGES

NOT_PUBLISHED = "Its meaning is not published; go by the status."


def table(name: str) -> dict[str, list[str]]:
    """The rows between two marks, by their first cell."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", PAGES["errors"], re.DOTALL)
    assert found
    rows = [line.strip("| ").split(" | ") for line in found[1].strip().splitlines()[2:]]
    assert len({len(row) for row in rows}) == 1
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_error_code_is_there_and_no_other() -> None:
    assert list(table("ERROR_CODES")) == sorted(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_means_what_the_page_about_a_job_says(code: ErrorCode) -> None:
    _, meaning, what_to_do = table("ERROR_CODES")[code]

    assert meaning == MEANINGS.get(code, NOT_PUBLISHED)
    assert what_to_do


def test_every_status_that_has_a_class_or_a_code_is_there() -> None:
    with_class = {status for status in range(400, 500) if class_of(status) is not StatusError}

    assert with_class | set(ERROR_CODES) <= {int(status) for status in table("STATUSES")}


@pytest.mark.parametrize("status", table("STATUSES"))
def test_a_status_has_the_class_outcome_and_rule_of_the_code(status: str) -> None:
    request = Request("captures.create", "POST", "/", headers={KEY_HEADER: "k"})
    bare = Response(request, int(status), {CORRELATION_HEADER: "c"}, b"")
    answer = replace(bare, classification=classify(bare))
    error = error_from_response(answer)

    expected = [
        f"`{type(error).__name__}`",
        error.outcome.name,
        "yes" if rule_for(request, answer).is_retried else "no",
    ]

    assert table("STATUSES")[status][:3] == expected


def test_every_other_kind_of_error_is_there() -> None:
    kinds = [getattr(klarna_om, name) for name in klarna_om.__all__]
    errors = {kind for kind in kinds if isinstance(kind, type) and issubclass(kind, KlarnaError)}
    groups = {KlarnaError, klarna_om.NoAnswer}

    assert set(table("OTHER_ERRORS")) == {
        kind.__name__ for kind in errors - groups if not issubclass(kind, StatusError)
    }


@pytest.mark.parametrize("name", [name for name in table("OTHER_ERRORS") if name != "AnswerCut"])
def test_an_error_has_the_outcome_of_its_class(name: str) -> None:
    assert table("OTHER_ERRORS")[name][0] == getattr(klarna_om, name).outcome.name
