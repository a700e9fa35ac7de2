"""Ports are found free on every address, and a taken one is named."""

import socket

import pytest

from daemon.embedded.faults import PortTaken
from daemon.embedded.processes.ports import free_port, require_free


def test_a_taken_port_is_refused_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}"):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)


def test_a_port_is_free_on_every_address_that_was_asked_for() -> None:
    port = free_port("127.0.0.2", "127.0.0.3")
    for address in ("127.0.0.2", "127.0.0.3"):
        with socket.create_server((address, port)):
            assert port > 0
