"""The framer for a file, by its format."""

from typing import assert_never

from payment_core.migration.export.framing.array import Elements
from payment_core.migration.export.framing.lines import Lines
from payment_core.migration.export.framing.piece import Framer
from payment_core.migration.export.manifest import Format


def framer_for(form: Format, start: int = 0) -> Framer:
    """A framer for a file of this format. start: bytes of it that were read before."""
    match form:
        case Format.JSONL:
            return Lines(start)
        case Format.CSV:
            return Lines(start, quoted=True)
        case Format.JSON:
            return Elements(start)
        case _:
            assert_never(form)
