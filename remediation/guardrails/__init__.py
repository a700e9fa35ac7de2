"""What holds every action: locks, calendars, approvals, money at risk, storms, precedence."""
