"""Whom the daemon believes: what a source is told about accounts, regions and signatures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from config.settings import AwsSettings
from daemon.errors import NotUsable

log = structlog.get_logger()

GLOBAL_REGION = "us-east-1"
"""Where AWS tells of what belongs to no region: costs, budgets and health."""
ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"


class Signatures(Protocol):
    """Checks that a message which claims to come from SNS does."""

    async def check(self, body: bytes | str) -> None:
        """Raises Untranslatable for a forged one, AwsFailed when that cannot be told now."""


@dataclass(frozen=True, slots=True)
class Trust:
    """account_id: events of any other are refused; empty: of none. regions: the same; empty: of none.

    signatures: None where a stand-in for AWS signs nothing.
    """

    account_id: str = ""
    regions: frozenset[str] = frozenset()
    signatures: Signatures | None = None

    async def check(self, body: bytes | str) -> None:
        """See Signatures."""
        if self.signatures is not None:
            await self.signatures.check(body)


NOBODY_KNOWN = Trust()
"""Believes everybody; for tests, and for a stand-in without an account."""


def trusted_regions(aws: AwsSettings) -> frozenset[str]:
    """The daemon's own region, that of global services, and those of the settings; all where no account is known."""
    if not aws.account_id:
        return frozenset()
    return frozenset({aws.region, GLOBAL_REGION, *aws.event_regions})


def check_account(aws: AwsSettings, environ: Mapping[str, str]) -> None:
    """Say loudly that events of any account are believed. Raises NotUsable where AWS itself is spoken to."""
    if aws.account_id:
        return
    if aws.endpoint_url is None and not environ.get(ENDPOINT_VARIABLE):
        raise NotUsable(
            "aws.account_id is empty, so events of every AWS account would be believed; write the account's 12 digits "
            "into tillwatch.yaml or TILL_AWS__ACCOUNT_ID."
        )
    url = aws.endpoint_url
    log.error("events of every account are believed", action="account_unknown", endpoint_url=url, fix="aws.account_id")
