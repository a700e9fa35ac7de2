"""The whole system on one machine: AWS stand-in, payment cores, traffic and scenarios."""
