"""What a shop does with its orders, whatever serves it."""
