"""What requests about customers look like."""

from typing import Annotated

import msgspec

Words = Annotated[str, msgspec.Meta(max_length=200)]


class ProfileRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """All of what people say of themselves; what is left out is empty afterwards. No field may hold a card number."""

    name: Words = ""
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    description: Words = ""
