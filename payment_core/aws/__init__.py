"""The payment core's clients of AWS, one file per service."""
