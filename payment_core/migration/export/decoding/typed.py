"""Decodes one type: at once as the processor usually writes it, else without nulls and expanded objects."""

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from payment_core.migration.export.decoding.checking import flaw_of_type
from payment_core.migration.export.decoding.leniency import usual
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import Reason
from payment_core.vault.numbers.sensitive import Sensitive

T = TypeVar("T")

# Exact where the processor writes a fraction: a rate is no float.
_anything = msgspec.json.Decoder(float_hook=Decimal)


class Typed(Generic[T]):
    """A decoder of one type, for JSON and for rows of CSV."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._quick = msgspec.json.Decoder(kind, dec_hook=revealing)

    def decode(self, raw: bytes | msgspec.Raw) -> T | Flaw:
        """The object in these bytes, or what is wrong with it."""
        try:
            return self._quick.decode(raw)
        except msgspec.ValidationError:
            return self._usually(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return unreadable(error)

    def convert(self, row: dict[str, object]) -> T | Flaw:
        """The object in a row whose values are text."""
        try:
            return msgspec.convert(row, self._kind, strict=False, dec_hook=revealing)
        except msgspec.ValidationError as error:
            return flaw_of_type(error)

    def _usually(self, raw: bytes | msgspec.Raw) -> T | Flaw:
        try:
            return self._quick.decode(msgspec.json.encode(usual(_anything.decode(raw))))
        except msgspec.ValidationError as error:
            return flaw_of_type(error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return unreadable(error)


def unreadable(error: Exception) -> Flaw:
    """Why bytes are no JSON at all; msgspec names the place, never the text."""
    if isinstance(error, UnicodeDecodeError):
        return Flaw(Reason.NOT_TEXT, f"byte {error.start} is not UTF-8")
    if isinstance(error, RecursionError):
        return Flaw(Reason.NOT_JSON, "it is nested too deep")
    return Flaw(Reason.NOT_JSON, str(error))


def revealing(kind: type, value: object) -> object:
    """The dec_hook of msgspec: a card or account number becomes one that is never printed; some write digits bare."""
    if kind is Sensitive and isinstance(value, str | int) and not isinstance(value, bool):
        return Sensitive(str(value))
    message = "neither text nor digits"
    raise ValueError(message)
