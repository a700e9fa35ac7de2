"""The API key that `up` gives the daemon: one that may do what the daemon does and no more, made once and kept."""

import asyncio
import os
import secrets
from pathlib import Path

import httpx
import msgspec

from daemon.embedded.faults import StackFailed

NAME = "tillwatch-daemon"
SCOPES = (
    "events:read",
    "ledger:read",
    "health:probe",
    "fraud:read",
    "fraud:write",
    "control:read",
    "control:write",
)
"""What docs/operating.md asks for: the daemon recovers events, probes, and acts against fraud."""

PRIVATE = 0o600


class _Made(msgspec.Struct, frozen=True):
    secret: str


async def ensure_daemon_key(client: httpx.AsyncClient, url: str, admin_key: Path, path: Path) -> None:
    """Leave a key in the file that the core at the address accepts. Raises StackFailed."""
    kept = await asyncio.to_thread(_read, path)
    if kept and await _accepted(client, url, kept):
        return
    admin = await asyncio.to_thread(_read, admin_key)
    # A name is never given twice, and the key of a former run may be lost.
    body = {"name": f"{NAME}-{secrets.token_hex(4)}", "scopes": list(SCOPES)}
    headers = {"Authorization": f"Bearer {admin}", "Idempotency-Key": secrets.token_hex(16)}
    try:
        answer = await client.post(f"{url}/v1/keys", json=body, headers=headers)
        answer.raise_for_status()
        secret = msgspec.json.decode(answer.content, type=_Made).secret
        await asyncio.to_thread(_write, path, secret)
    except (httpx.HTTPError, msgspec.MsgspecError, OSError) as fault:
        raise StackFailed(f"No API key for the daemon: {fault}") from fault


async def _accepted(client: httpx.AsyncClient, url: str, key: str) -> bool:
    try:
        answer = await client.get(f"{url}/v1/control", headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def _write(path: Path, secret: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secret}\n")
    draft.replace(path)
