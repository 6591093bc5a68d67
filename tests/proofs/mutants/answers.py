"""Mistakes with answers: who sent them, what they belong to, how large they are."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Argument, Rewrite

BODY = "tests/test_answer_body.py::"
CONNECTOR = "tests/test_connector.py::"
WHO = "tests/test_who_answered.py::"
WIRE = "tests/test_transport.py::"

MUTANTS = (
    mistake(
        "a 2xx of another server counts as done",
        "answers/classification.py",
        Rewrite(
            "_success",
            "Classification(Outcome.UNKNOWN, is_klarnas=A, problem=B, error_body=C)",
            "Classification(Outcome.DONE, is_success=True)",
        ),
        caught_by=f"{WHO}test_a_2xx_that_an_operation_does_not_return_proves_nothing",
        of_each_kind=True,
    ),
    mistake(
        "a 4xx without Klarna's error code counts as refused",
        "answers/classification.py",
        Rewrite("_is_klarnas_error", "A or B.is_signed", "True"),
        caught_by=f"{WHO}test_a_4xx_without_klarnas_error_code_is_no_refusal",
        of_each_kind=True,
    ),
    mistake(
        "an answer about another order is returned",
        "answers/expected.py",
        Rewrite("Document._check", "if A is not None and B:\n    raise C", "pass"),
        caught_by=f"{WHO}test_an_answer_about_another_order_is_never_returned",
        of_each_kind=True,
    ),
    mistake(
        "a Location of another order gives an id",
        "answers/same_subject.py",
        Rewrite("_other_location", "if not A:\n    return B", "pass"),
        caught_by=f"{WHO}test_a_creation_is_klarnas_by_the_new_id",
    ),
    mistake(
        "an idle connection with data is used",
        "http/connector.py",
        Rewrite("Connector.connect", "not A(0)", "True"),
        caught_by=f"{CONNECTOR}test_an_answer_on_an_idle_connection_is_never_returned",
        of_each_kind=True,
    ),
    mistake(
        "aiohttp may send a GET again",
        "http/connector.py",
        Rewrite("Answer.start", "raise Disconnected from A", "raise"),
        caught_by=f"{CONNECTOR}test_a_read_on_a_broken_connection_is_sent_once_an_attempt",
        of_each_kind=True,
    ),
    mistake(
        "the body is not bounded",
        "http/body.py",
        Rewrite("_decompress", "if len(A) > B:\n    raise C", "pass"),
        caught_by=f"{BODY}test_a_large_answer_is_given_up_at_the_limit",
        of_each_kind=True,
    ),
    mistake(
        "the decompressed body is not bounded",
        "http/body.py",
        Rewrite("_decompress_members", "A.decompress(B, C)", "A.decompress(B)"),
        caught_by=f"{BODY}test_a_gzip_bomb_costs_no_more_than_the_limit",
    ),
    mistake(
        "redirects are followed",
        "http/transport.py",
        Argument("Transport._send", "allow_redirects", "True"),
        caught_by=f"{WIRE}test_a_redirect_is_not_followed",
        of_each_kind=True,
    ),
)
