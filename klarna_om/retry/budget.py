"""What all calls of a client together may spend on retries, so that an outage is not multiplied.

A token bucket as in botocore's standard mode: each retry takes tokens, a success puts some back. While most calls
succeed there is always enough; when most fail, it runs empty and calls fail after their first attempt.
"""

from attrs import define, field


@define(eq=False)
class Budget:
    """Tokens for retries, shared by every copy of a client."""

    capacity: int = 500
    tokens: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tokens = self.capacity

    def spend(self, cost: int) -> bool:
        """Take the tokens for one retry; False, and nothing is taken, when there are too few."""
        if cost > self.tokens:
            return False
        self.tokens -= cost
        return True

    def put_back(self, tokens: int = 1) -> None:
        """After a success: what its last retry cost, or 1 where it needed none."""
        self.tokens = min(self.capacity, self.tokens + tokens)
