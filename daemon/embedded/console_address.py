"""The address that opens the console for whoever started the system: it works once, so it may stand in a terminal."""

import httpx
import msgspec

from daemon.http.console.login import SignInCode
from payment_core.outgoing.client import HttpClient

TIMEOUT_SECONDS = 5.0


async def console_address(daemon_url: str, token: str) -> str:
    """The address with a code; without an answer of the daemon, the one that asks for the token."""
    headers = {"authorization": f"Bearer {token}"}
    try:
        async with HttpClient(trust_env=False, headers=headers, timeout=TIMEOUT_SECONDS) as client:
            answer = await client.post(f"{daemon_url}/console/codes")
        return daemon_url + msgspec.json.decode(answer.content, type=SignInCode).path
    except (httpx.HTTPError, msgspec.MsgspecError):
        return f"{daemon_url}/console"
