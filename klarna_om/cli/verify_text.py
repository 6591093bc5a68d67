"""The result of a verification: as text, and for JSON."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from attrs import asdict

from klarna_om.batch.verification import LISTED, Check, Finding, Verification

_MORE: Mapping[Finding, str] = {
    Finding.DIFFERS: "more differ",
    Finding.SHOWN: "more are unknown and shown",
    Finding.NOT_SHOWN: "more are unknown and not shown",
    Finding.NOT_READ: "more were not read",
}


def verification_text(verification: Verification, journal: UUID | Path) -> str:
    """For a person: the counts, then each row that a person wants to see, then how to read the same rows again."""
    of_all = f" of {verification.rows}" if verification.stopped_by else ""
    lines = [f"verified {verification.verified}{of_all}: {verification}"]
    for finding in LISTED:
        listed = [check for check in verification.listed if check.finding is finding]
        lines += map(_check_text, listed)
        if (more := verification.counts.get(finding, 0) - len(listed)) > 0:
            lines.append(f"... and {more} {_MORE[finding]}")
    if verification.stopped_by:
        lines.append(f"The verification stopped: {verification.stopped_by}")
    if verification.seed is not None or verification.stopped_by:
        lines.append(f"The same rows again: {_command(verification, journal)}")
    return "\n".join(lines)


def _check_text(check: Check) -> str:
    reference = f", reference {check.reference}" if check.reference else ""
    row = f"line {check.line}, order {check.order_id}{reference}: {check.outcome}"
    if check.finding is Finding.NOT_READ:
        return f"{row}; not read: {check.seen}"
    return f"{row}; expected {check.expected}; seen {check.seen}"


def _command(verification: Verification, journal: UUID | Path) -> str:
    seed = "" if verification.seed is None else f" --seed {verification.seed}"
    return f"klarna-om journal verify {shlex.quote(str(journal))} --sample {verification.sample}{seed}"


def verification_json(verification: Verification) -> dict[str, object]:
    """For a program."""
    return {
        "rows": verification.rows,
        "verified": verification.verified,
        **{finding.value.replace(" ", "_"): verification.counts.get(finding, 0) for finding in Finding},
        "sample": verification.sample,
        "seed": verification.seed,
        "stopped_by": verification.stopped_by or None,
        "listed": [asdict(check) for check in verification.listed],
    }
