"""Test doubles of Klarna, never of our own code."""
