"""Where versions of the payment core run: one module for each kind of environment."""
