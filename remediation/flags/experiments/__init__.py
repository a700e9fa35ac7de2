"""What two variants of a flag did to payments: counted once per customer, compared with an error that always holds."""
