"""One object out of a record, with the bytes that it was read from."""

import msgspec

from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import Body


class Part(msgspec.Struct, frozen=True, gc=False):
    """body: the object, or what is wrong with it. context: what the hash covers beside the bytes."""

    body: Body | Flaw
    raw: bytes | msgspec.Raw
    context: tuple[str, ...] = ()


class _Named(msgspec.Struct, frozen=True, gc=False):
    id: str = ""


_named = msgspec.json.Decoder(_Named)
_ID_CHARACTERS_MAX = 255


def id_in(raw: bytes | msgspec.Raw) -> str:
    """The id in bytes that are no usable object; empty where there is none that looks like one."""
    try:
        found = _named.decode(raw).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    # Letters, digits and underscores, as the processor makes them: a card number would have no letter.
    usable = len(found) <= _ID_CHARACTERS_MAX and found.isascii() and found.replace("_", "").isalnum()
    return found if usable and not found.isdigit() else ""
