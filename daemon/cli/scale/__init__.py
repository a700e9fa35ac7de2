"""The commands of ``tillwatch scale``: what capacity is, would be, and would have been."""
