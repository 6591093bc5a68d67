"""What is published: the wheel, its version and change log, the public API, the lock."""
