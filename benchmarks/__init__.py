"""One file per question, side by side with what a user would pick instead. `python -m benchmarks` runs them."""
