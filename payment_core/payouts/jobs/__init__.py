"""What is done about payouts without being asked: those that a schedule makes, and those that wait."""
