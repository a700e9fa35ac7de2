"""When a delivery is tried again, and when it is given up."""

GIVE_UP_MS = 3 * 24 * 3600 * 1000
"""Long enough for a receiver that broke on a Friday evening."""

FIRST_WAIT_MS = 5000
WAIT_MS_MAX = 6 * 3600 * 1000
_GROWTH = 3
_STEPS_MAX = 16
"""Waits grow threefold: 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h, then every 6 h: about 20 attempts."""

DEAD_IN_A_ROW_MAX = 5
"""An endpoint that took none of so many deliveries in three days is gone; it is disabled."""


def wait_ms(attempts: int, share: float) -> int:
    """How long to wait after so many attempts. share: drawn from 0 to 1, so that receivers are not hit in step.

    The wait is between half of the step and the whole of it.
    """
    step_ms = min(FIRST_WAIT_MS * _GROWTH ** min(attempts - 1, _STEPS_MAX), WAIT_MS_MAX)
    return int(step_ms * (1 + share) / 2)
