"""How fast and how many: the merchant's rate limit, and the places for requests in flight."""
