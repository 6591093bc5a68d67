"""`klarna-om`: one file per command, loaded only when it is called."""

import sys


def main() -> None:
    """The entry point of the command line."""
    try:
        from klarna_om.cli.group import group
    except ModuleNotFoundError as missing:
        if missing.name not in ("click", "rich"):
            raise
        sys.exit("The commands need two more packages. Install them with: pip install 'klarna-om[cli]'")
    except KeyboardInterrupt:
        sys.exit(130)  # as `ExitCode.INTERRUPTED`, while the program is still being loaded
    group(prog_name="klarna-om")
