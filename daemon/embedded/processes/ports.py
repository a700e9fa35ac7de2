"""Free ports on loopback, and whether a wanted one is taken."""

import secrets
import socket

from daemon.embedded.faults import PortTaken

PORTS = range(20_000, 32_768)
"""Below those that Linux gives to outgoing connections, which would take a free one at any moment."""
ATTEMPTS = 100
"""Ports tried until one is free on every address; one is nearly always enough."""


def require_free(host: str, port: int) -> None:
    """Raise PortTaken when nothing could listen there."""
    try:
        _bind(host, port).close()
    except OSError as fault:
        raise PortTaken(f"{host}:{port} ({fault.strerror})") from fault


def free_port(*hosts: str) -> int:
    """A port that is free on all the hosts; another program may take it before it is used, which its user then says."""
    for _ in range(ATTEMPTS):
        port = secrets.choice(PORTS)
        if all(_is_free(host, port) for host in hosts):
            return port
    raise PortTaken(f"no port is free on {', '.join(hosts)}")


def _is_free(host: str, port: int) -> bool:
    try:
        _bind(host, port).close()
    except OSError:
        return False
    return True


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # As servers do: a port in TIME_WAIT is free, one that is listened on is not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
