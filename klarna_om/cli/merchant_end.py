"""How a command for several merchants ends: a summary for each, and the worst exit code."""

from collections.abc import Sequence
from typing import NoReturn

import click
import msgspec

from klarna_om.cli.error_text import error_text
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.job_end import explain_unusable, show_and_exit
from klarna_om.cli.merchant_jobs import MerchantJob
from klarna_om.cli.merchant_run import Results
from klarna_om.cli.run import RunResult
from klarna_om.cli.summary import dry_run_text, exit_code_for, summary_fields, summary_text


def end_merchants(jobs: Sequence[MerchantJob], results: Results, *, dry_run: bool, as_json: bool) -> NoReturn:
    """Show the results, and exit."""
    codes: list[ExitCode] = []
    texts: list[str] = []
    fields: dict[str, object] = {}
    for job in jobs:
        result = results[job.merchant]
        if isinstance(result, RunResult):
            code = ExitCode.DONE if dry_run else exit_code_for(result)
            text = dry_run_text(job.settings, result) if dry_run else summary_text(job.settings, result)
            problem = None if result.error is None else error_text(result, result.error)
            fields[job.merchant] = summary_fields(job.settings, result, code)
        else:
            problem, code = explain_unusable(result, job.settings.manifest)
            text = "not run"
            fields[job.merchant] = {"exit_code": code.value, "stopped_by": problem}
        if problem is not None:
            click.echo(f"klarna-om: {job.merchant}: {problem}", err=True)
        codes.append(code)
        texts.append(f"{job.merchant}: {text}")
    worst, message = max(codes), "\n\n".join(texts)
    document = msgspec.json.encode({"exit_code": worst.value, "merchants": fields}).decode()
    show_and_exit(document if as_json else message, message, worst)
