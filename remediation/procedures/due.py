"""When a procedure that comes back is to be done again."""

from config.procedures.procedure import Procedure


def due_at_ms(procedure: Procedure, done_at_ms: int, since_ms: int) -> int:
    """Unix milliseconds; 0 for one that nothing but an event calls for. since_ms: when counting began; 0: never yet."""
    if procedure.every is None:
        return 0
    last_ms = max(done_at_ms, since_ms)
    return 0 if last_ms == 0 else last_ms + round(procedure.every * 1000)
