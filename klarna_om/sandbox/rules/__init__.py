"""The sandbox's rules in words, each with its source and the test that shows it. Numbers come from the code.

In which state an operation is allowed is the table of `lifecycle.states`; a field's limits are `limits.py`.
"""
