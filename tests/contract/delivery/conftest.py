"""Every delivery, and the server behind S3."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contract.delivery.worlds import DeliveryWorld, folder_world, memory_world, s3_world, sftp_world, ssh_world


@pytest.fixture(scope="session")
def s3_url(emulated_moto_url: str) -> str:
    return emulated_moto_url


@pytest.fixture(params=["memory", "folder", "sftp", "ssh", "s3"])
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DeliveryWorld]:
    match request.param:
        case "memory":
            made = memory_world()
        case "folder":
            made = folder_world(tmp_path)
        case "sftp":
            made = sftp_world()
        case "ssh":
            made = ssh_world(tmp_path)
        case _:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            made = s3_world(request.getfixturevalue("s3_url"), f"{uuid4().hex}/")
    async with made as ready:
        yield ready
