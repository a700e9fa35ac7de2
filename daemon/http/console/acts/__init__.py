"""What people may do from the console: each act is declared once, with how it is looked at and how it is done."""
