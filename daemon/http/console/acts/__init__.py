"""What people do from the console: each act is declared once, looked at before it is done, and done once."""
