"""The scheduled reports: when each is due, what it says, and where it is written."""
