"""What an answer means: who sent it, what it shows about the effect, its value, or its error."""
