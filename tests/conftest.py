"""What every test gets: loopback only, no inherited settings, and servers that are required by name."""

import functools
import gc
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import structlog

from tests import public_roots
from tests.forked import FORK_SERVER

Require = Callable[[str, bool], None]
_SETTING_PREFIXES = ("TILL_", "AWS_")
INTEGRATION = Path(__file__).parent / "integration"
LONGEST_FIRST = (INTEGRATION / "test_documented_commands.py", INTEGRATION / "embedded", INTEGRATION)
"""The commands come before anything can be taken over by another process, which would start a system of its own."""
_PASSIVE_HOSTS = {None, "", "localhost", "0.0.0.0", "::"}  # noqa: S104 (a listener's address, nothing is sent there)


class LeftLoopback(AssertionError):
    """A test tried to reach something that is not this machine."""


def refuse_to_leave_loopback(family: int, address: object) -> None:
    """Raise LeftLoopback unless the address is a Unix socket, ``localhost`` or a loopback address."""
    if family == socket.AF_UNIX:
        return
    host = address[0] if isinstance(address, tuple) else address
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"{host!r} is not on this machine; start a server on 127.0.0.1 in a fixture"
        raise LeftLoopback(message)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that start programs, so that no process is left alone with a long one at the end.

    The random order is kept within each part.
    """
    items.sort(key=lambda item: [not item.path.is_relative_to(place) for place in LONGEST_FIRST])


def pytest_configure() -> None:
    """Search for no garbage while everything is imported: there is next to none."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Take what was imported and collected out of every later search for garbage: it stays to the end."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuse connections, datagrams and name lookups that would leave the machine."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: tuple[str, int]) -> None:
        refuse_to_leave_loopback(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: tuple[str, int]) -> int:
        refuse_to_leave_loopback(self.family, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: bytes, *arguments: object) -> int:
        refuse_to_leave_loopback(self.family, arguments[-1])
        return sendto(self, data, *arguments)  # type: ignore[call-overload, no-any-return]  # both of its shapes

    def guarded_getaddrinfo(host: str | bytes | None, *arguments: object, **options: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in _PASSIVE_HOSTS:
            refuse_to_leave_loopback(socket.AF_INET, (name, 0))
        return getaddrinfo(host, *arguments, **options)  # type: ignore[arg-type]  # passed through as it came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", guarded_sendto)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_inherited_settings() -> Iterator[None]:
    """Remove the user's TILL_ and AWS_ variables and AWS files, so that no test acts on a real account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_SETTING_PREFIXES)]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def fork_server_ends() -> Iterator[None]:
    """End it with the tests; it starts with the first that needs it."""
    yield
    FORK_SERVER.close()


@pytest.fixture(scope="session", autouse=True)
def aws_models_are_read_once() -> Iterator[None]:
    """Share the loader of service models: every AWS client would read megabytes of JSON again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def public_roots_are_not_read() -> Iterator[None]:
    """Spend no test's time on roots that it cannot need; the programs that it forks do without them too."""
    with pytest.MonkeyPatch.context() as patch:
        public_roots.leave_unread(patch.setattr)
        yield


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a test does to logging: a logger cached with a captured stderr would fail in every later test."""
    configure = structlog.configure

    def configure_uncached(**options: Any) -> None:  # noqa: ANN401  # structlog's own options, passed through
        configure(**{**options, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configure_uncached)
    yield
    structlog.reset_defaults()


def require_server(name: str, available: bool) -> None:
    """Skip by name when a server is missing on a user's machine; fail with CI=true, where it must exist."""
    if available:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing, and CI=true demands it", pytrace=False)
    pytest.skip(f"needs {name}")


@pytest.fixture(scope="session")
def require() -> Require:
    """Give ``require(name, available)``: ``require("chromium", shutil.which("chromium") is not None)``."""
    return require_server
