"""`python -m klarna_om.cli` is `klarna-om`."""

from klarna_om.cli import main

main()
