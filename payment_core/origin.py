"""Who makes an event: the environment, release and region of this process."""

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """environment: blue or green. release: such as 1.0.0. region: of AWS."""

    environment: str
    release: str
    region: str
