"""`--verify SAMPLE|all`: read orders back after the run."""

from typing import Any

import click

from klarna_om.batch.verify_sample import Sample, check_sample


class SampleType(click.ParamType[Sample]):
    """A number of rows, or all of them."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sample:
        """Read it, or fail with what is expected."""
        sample: Sample = "all" if str(value).lower() == "all" else int(value) if str(value).isdecimal() else 0
        try:
            check_sample(sample)
        except ValueError:
            self.fail(f"{value!r} is neither a number of rows, 1 or more, nor 'all'", param, ctx)
        return sample


VERIFY_OPTION = click.option(
    "--verify",
    type=SampleType(),
    help="After the run read the orders of so many rows back, and compare them; every unknown or escalated row too.",
)
