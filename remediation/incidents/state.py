"""By what incidents are found without a look at all of them: what each is about, and which other one speaks for it."""

import msgspec

ITSELF = ""
"""In place of a name, of those that speak for themselves."""


class IncidentIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the incidents that are kept, oldest first.

    about: by fingerprint. members: by the name of what they were merged into, and under ITSELF those that were not.
    """

    about: dict[str, tuple[str, ...]] = {}
    members: dict[str, tuple[str, ...]] = {}
