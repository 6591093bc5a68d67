"""Messages name Python's arguments; here they get the names that the command line has for them."""

import re

_NAMES = (
    (r"pass environment= or set ", "set "),
    (r"pass username= and password= or api_key=, or set ", "set "),
    (r"pass username= and password=", "set KLARNA_OM_USERNAME and KLARNA_OM_PASSWORD"),
    (r"environment='([a-z-]+)'", r"KLARNA_OM_ENVIRONMENT=\1"),
    (r"pass trust_env=True \(--proxy env on the command line\)", "use --proxy env"),
    (r"certificate authority as ca=, .* \(--ca FILE on the command line\)", "certificate authority with --ca FILE"),
    (r"\bpace='([a-z]+)'", r"--pace \1"),
    (r"run it with keep_going \(--keep-going\)", "run it with --keep-going"),
    (r"name a new journal too", "name a new journal too (--journal FILE)"),
    (r"(release the rest instead) \(cancel_or_release chooses\)", r"\1 (klarna-om order release)"),
    (r"(cancel it) \(cancel_or_release chooses\)", r"\1 (klarna-om order cancel)"),
    (r"call (again )?with generation=(\d+)", r"run it \1with --generation \2"),
    (r"run the same job again", "run the same command again"),
    (r"with other credentials the same job settles them", "with other credentials the same command settles them"),
)


def with_option_names(message: str) -> str:
    """The message for a person at the command line."""
    for pattern, name in _NAMES:
        message = re.sub(pattern, name, message)
    return message
