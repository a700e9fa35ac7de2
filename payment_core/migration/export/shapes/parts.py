"""The parts that several of the processor's objects have: identifiers, amounts, addresses and free text."""

from typing import Annotated

import msgspec

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
"""The processor's identifier, such as ``ch_3MmlLrLkdIwHu7ix0snN0B15``."""

Text = Annotated[str, msgspec.Meta(max_length=5_000)]
"""Free text; the processor's longest field has 5,000 characters. ``Text | None`` is None where it has none."""

Amount = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""Minor units of a currency: cents, or whole yen. Beyond this range other programs' JSON is no longer exact."""

Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**36)]
"""Unix time in seconds; 0 when the processor did not say."""

Currency = Annotated[str, msgspec.Meta(pattern="^[a-z]{3}$")]
"""ISO 4217 in lower case, as the processor writes it."""

Metadata = dict[str, Text]
"""What the merchant attached."""


class Address(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A postal address; parts that are not known are None. country: ISO 3166-1, two letters."""

    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


NO_ADDRESS = Address()
