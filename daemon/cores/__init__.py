"""What the daemon asks of running payment cores and changes in them, over HTTP."""
