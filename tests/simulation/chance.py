"""Makes everything that is drawn at random repeatable from one seed: ids, tokens, keys and micro-entries."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def repeatable(seed: int) -> Iterator[random.Random]:
    """The chance of a simulation; inside of the block ``secrets`` draws from a second one with the same seed."""
    hidden = random.Random(f"hidden {seed}")  # noqa: S311 - a simulation protects nothing
    with (
        patch("secrets.token_hex", lambda count=32: hidden.randbytes(count).hex()),
        patch("secrets.token_bytes", hidden.randbytes),
        patch("secrets.randbelow", hidden.randrange),
    ):
        yield random.Random(seed)  # noqa: S311 - as above
