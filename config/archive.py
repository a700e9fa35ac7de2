"""The archive of facts: whether the daemon keeps one, where, for how long and how large it may become."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.model import Duration, Model

MEBIBYTE = 1024 * 1024


class ArchiveSettings(Model):
    """Accepted facts as files to replay rules on. directory: ``archive`` in the data directory when none is named.

    keep_for: files that were closed longer ago are deleted. bytes_max: the oldest are deleted before the files together
    are larger; an hour of 50 payments a second is some 10 MiB.
    """

    enabled: bool = False
    directory: Path | None = Field(default=None, strict=False, examples=["data/archive"])
    keep_for: Duration = 14 * 86400.0
    bytes_max: Annotated[int, Field(ge=MEBIBYTE, le=1024**4)] = 2048 * MEBIBYTE
