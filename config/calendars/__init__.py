"""When what may be changed: iCal, cron and windows, each in its zone."""
