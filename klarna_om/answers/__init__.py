"""What an answer means: who sent it, what it says of the effect, its value, or its error."""
