"""Payment cores as processes of this machine, in blue and green and in far regions."""
