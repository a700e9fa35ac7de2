"""The processor's objects as they are kept here: money in integer minor units, times in seconds as it writes them."""
