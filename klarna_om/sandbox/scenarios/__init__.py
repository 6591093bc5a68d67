"""The conformance kit: named situations, what a client has to do in them, and a verdict from what the sandbox saw.

    scenario.py    what a scenario is
    table.py       all of them
    checks.py      what is looked at for a verdict
    verdict.py     all checks of a scenario, on what was seen
    runs.py        starting one, taking the client's own report, and judging it

Each scenario has an order of its own, so several can run at once; only the rate limit is the whole merchant's.
"""
