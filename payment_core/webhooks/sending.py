"""Sends webhooks with httpx: to the address that was checked, without redirects, in bounded time and size."""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Sequence
from typing import Self

import httpx

from payment_core.outgoing.client import HttpClient
from payment_core.webhooks.addresses import Address
from payment_core.webhooks.destinations import (
    HTTPS_PORT,
    Destination,
    Resolver,
    UrlFault,
    choose_address,
    parse_url,
    url_sentence,
)
from payment_core.webhooks.ports import Sent

TIMEOUT_SECONDS = 10.0
"""Of a whole attempt: name, connection, request and answer. A receiver should answer first and work later."""

ANSWER_BYTES_MAX = 16 * 1024
"""What is read of an answer, whose content means nothing."""

RETRY_AFTER_SECONDS_MAX = 3_600
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)

USER_AGENT = "Tillwatch-Webhooks/1"


class SystemResolver:
    """The machine's names."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Every address of the name; raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [ipaddress.ip_address(address[0]) for *_, address in found]


class HttpSender:
    """Opens a connection for each attempt, since a kept one could have been verified for another name.

    loopback_allowed: also http, to this machine; for tests and trials. trust: of certificates; the usual roots if None.
    """

    def __init__(
        self,
        *,
        resolver: Resolver | None = None,
        loopback_allowed: bool = False,
        trust: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._resolver: Resolver = SystemResolver() if resolver is None else resolver
        self._loopback_allowed = loopback_allowed
        self._timeout_seconds = timeout_seconds
        self._http = HttpClient(
            verify=ssl.create_default_context() if trust is None else trust,
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=timeout_seconds,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Sent:
        """POST the body; what goes wrong is told in the answer, without what the receiver sent."""
        destination = parse_url(url, loopback_allowed=self._loopback_allowed)
        if isinstance(destination, UrlFault):
            return Sent(0, f"the URL {url_sentence(destination)}")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                address = await choose_address(destination, self._resolver, loopback_allowed=self._loopback_allowed)
                if isinstance(address, UrlFault):
                    return Sent(0, f"the URL {url_sentence(address)}")
                return await self._post(destination, address, headers, body)
        except TimeoutError:
            return Sent(0, f"no answer within {self._timeout_seconds:g} s")
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            return Sent(0, type(error).__name__)

    async def _post(self, destination: Destination, address: Address, headers: dict[str, str], body: bytes) -> Sent:
        request = self._http.build_request(
            "POST",
            httpx.URL(
                scheme=destination.scheme,
                host=str(address),
                port=destination.port,
                raw_path=destination.target.encode("ascii"),
            ),
            headers={
                **headers,
                "host": _host_header(destination),
                "content-type": "application/json",
                "user-agent": USER_AGENT,
                "accept-encoding": "identity",
            },
            content=body,
            extensions={"sni_hostname": destination.host},
        )
        response = await self._http.send(request, stream=True)
        try:
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > ANSWER_BYTES_MAX:
                    break
            return Sent(response.status_code, retry_after_seconds=_retry_after(response.headers.get("retry-after", "")))
        finally:
            await response.aclose()


def _retry_after(text: str) -> int:
    """Seconds; a date, or anything else, is taken as not said."""
    return min(int(text), RETRY_AFTER_SECONDS_MAX) if _SECONDS.fullmatch(text) else 0


def _host_header(destination: Destination) -> str:
    host = f"[{destination.host}]" if ":" in destination.host else destination.host
    usual = HTTPS_PORT if destination.scheme == "https" else 80
    return host if destination.port == usual else f"{host}:{destination.port}"
