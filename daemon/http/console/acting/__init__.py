"""Answers for acts: what one would do is shown, and it is done once, as it was shown."""
