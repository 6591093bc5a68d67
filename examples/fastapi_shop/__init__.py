"""The shop on FastAPI."""
