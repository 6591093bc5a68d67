"""What a person reads when a run was stopped."""

import pytest
from attrs import evolve

from klarna_om.batch.report import ReportError
from klarna_om.batch.totals import Summary, Totals
from klarna_om.cli.error_text import error_text
from klarna_om.cli.run import Failure, RunResult
from klarna_om.errors import CertificateRejected, ClientClosed, ConnectionFailed

RESULT = RunResult(Summary("job", Totals(done=3, pending=2)), target="https://klarna.example")


@pytest.mark.parametrize(
    ("error", "parts"),
    [
        (ReportError("the report cannot be written"), ["the report cannot be written"]),
        (
            CertificateRejected("wrong name"),
            ["the certificate of klarna.example was rejected, after 3 of 5", "--ca FILE", "this machine's clock"],
        ),
        (ConnectionFailed("odd"), ["no connection to klarna.example, after 3 of 5", "(https://klarna.example) and"]),
        (
            ConnectionFailed("odd; HTTPS_PROXY is set: pass trust_env=True (--proxy env on the command line)"),
            ["and the network (to go through the proxy of HTTPS_PROXY: --proxy env), then run the same command again"],
        ),
        (ClientClosed("this client is closed."), ["stopped: this client is closed, after 3", "make a new client"]),
    ],
    ids=["report", "certificate", "connection", "proxy", "other"],
)
def test_the_cause_comes_first_and_then_what_to_do(
    error: Failure, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    message = error_text(evolve(RESULT, error=error), error)

    positions = [message.find(part) for part in parts]
    assert -1 not in positions
    assert positions == sorted(positions)
