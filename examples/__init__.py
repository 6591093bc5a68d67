"""Shops that use klarna_om: see README.md in this folder."""
