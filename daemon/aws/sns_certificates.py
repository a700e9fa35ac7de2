"""Fetches the certificates that SNS signs with, from SNS's own address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from daemon.errors import AwsFailed

FETCH_SECONDS = 3.0
CERTIFICATE_BYTES_MAX = 16_384


class SnsCertificates:
    """Fetches from SNS over TLS; the address was found to be SNS's own before it comes here."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def fetch(self, url: str) -> bytes:
        """The PEM at an address of SNS. Raises AwsFailed."""
        try:
            async with self._http.get(url, allow_redirects=False) as answer:
                if answer.status != 200:  # noqa: PLR2004  # OK
                    raise AwsFailed(f"{url} answered {answer.status}.")
                pem = b""
                # One read gives what has come so far, which may be half of it.
                async for part in answer.content.iter_chunked(CERTIFICATE_BYTES_MAX):
                    pem += part
                    if len(pem) > CERTIFICATE_BYTES_MAX:
                        raise AwsFailed(f"{url} answered more than {CERTIFICATE_BYTES_MAX} bytes.")
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise AwsFailed(f"{url}: {type(fault).__name__} {fault}".rstrip()) from fault
        return pem


@asynccontextmanager
async def open_certificates() -> AsyncIterator[SnsCertificates]:
    """A connection to SNS, for the length of the block."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS), trust_env=False) as http:
        yield SnsCertificates(http)
