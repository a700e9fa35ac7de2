"""Both processors at once: what changes here is told there, what changes there is taken here, and both are compared."""
