"""Which URLs a webhook may be sent to, and which address is called."""

import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.webhooks.addresses import Address, is_public
from payment_core.webhooks.destinations import (
    Destination,
    UrlFault,
    choose_address,
    parse_url,
    url_sentence,
)

PUBLIC = "93.184.215.14"


class Names:
    """A resolver with one answer after another."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, port: int) -> list[Address]:
        assert host
        assert port > 0
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ipaddress.ip_address(each) for each in answer]


REFUSED = [
    ("http://example.com/", UrlFault.SCHEME),
    ("ftp://example.com/", UrlFault.SCHEME),
    ("file:///etc/passwd", UrlFault.SCHEME),
    ("gopher://example.com/", UrlFault.SCHEME),
    ("//example.com/", UrlFault.SCHEME),
    ("https:/example.com", UrlFault.HOST),
    ("https://", UrlFault.HOST),
    ("", UrlFault.UNREADABLE),
    ("https://example.com/ x", UrlFault.UNREADABLE),
    ("https://exam\nple.com/", UrlFault.UNREADABLE),
    ("https://example.com\\@127.0.0.1/", UrlFault.UNREADABLE),
    ("https://bücher.example/", UrlFault.UNREADABLE),
    ("https://example.com/" + "a" * 2048, UrlFault.UNREADABLE),
    ("https://[::1/", UrlFault.UNREADABLE),
    ("https://example.com:99999/", UrlFault.UNREADABLE),
    ("https://user:password@example.com/", UrlFault.CREDENTIALS),
    ("https://example.com@127.0.0.1/", UrlFault.CREDENTIALS),
    ("https://example.com/#fragment", UrlFault.FRAGMENT),
    ("https://example.com:22/", UrlFault.PORT),
    ("https://example.com:80/", UrlFault.PORT),
    ("https://example.com:0/", UrlFault.PORT),
    ("https://127.0.0.1/", UrlFault.ADDRESS),
    ("https://127.1/", UrlFault.HOST),
    ("https://2130706433/", UrlFault.HOST),
    ("https://0x7f000001/", UrlFault.HOST),
    ("https://0x7f.1/", UrlFault.HOST),
    ("https://0177.0.0.1/", UrlFault.HOST),
    ("https://017700000001/", UrlFault.HOST),
    ("https://127.0.0.1./", UrlFault.HOST),
    ("https://10.0.0.1/", UrlFault.ADDRESS),
    ("https://172.16.0.1/", UrlFault.ADDRESS),
    ("https://192.168.1.1:8443/", UrlFault.ADDRESS),
    ("https://100.64.0.1/", UrlFault.ADDRESS),
    ("https://169.254.169.254/latest/meta-data/", UrlFault.ADDRESS),
    ("https://169.254.170.2/v2/credentials", UrlFault.ADDRESS),
    ("https://168.63.129.16/", UrlFault.ADDRESS),
    ("https://0.0.0.0/", UrlFault.ADDRESS),
    ("https://224.0.0.1/", UrlFault.ADDRESS),
    ("https://255.255.255.255/", UrlFault.ADDRESS),
    ("https://198.18.0.1/", UrlFault.ADDRESS),
    ("https://[::1]/", UrlFault.ADDRESS),
    ("https://[::]/", UrlFault.ADDRESS),
    ("https://[::ffff:127.0.0.1]/", UrlFault.ADDRESS),
    ("https://[::ffff:8.8.8.8]/", UrlFault.ADDRESS),
    ("https://[::127.0.0.1]/", UrlFault.ADDRESS),
    ("https://[fe80::1]/", UrlFault.ADDRESS),
    ("https://[fc00::1]/", UrlFault.ADDRESS),
    ("https://[fd00:ec2::254]/", UrlFault.ADDRESS),
    ("https://[ff02::1]/", UrlFault.ADDRESS),
    ("https://[2002:7f00:1::]/", UrlFault.ADDRESS),
    ("https://[64:ff9b::7f00:1]/", UrlFault.ADDRESS),
    ("https://[64:ff9b:1::7f00:1]/", UrlFault.ADDRESS),
    ("https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", UrlFault.ADDRESS),
    ("https://[2001:db8::1]/", UrlFault.ADDRESS),
]


@pytest.mark.parametrize(("url", "fault"), REFUSED)
def test_a_url_that_leads_inside_or_nowhere_is_refused(url: str, fault: UrlFault) -> None:
    assert parse_url(url) is fault
    assert url_sentence(fault)


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://example.com", Destination("https", "example.com", 443, "/")),
        ("https://EXAMPLE.com:8443/a/b?c=d", Destination("https", "example.com", 8443, "/a/b?c=d")),
        ("https://93.184.215.14/x", Destination("https", PUBLIC, 443, "/x")),
        (
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
            Destination("https", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", 443, "/"),
        ),
        ("https://xn--bcher-kva.example/", Destination("https", "xn--bcher-kva.example", 443, "/")),
        ("https://hooks.example.com./", Destination("https", "hooks.example.com.", 443, "/")),
    ],
)
def test_a_public_https_url_is_read(url: str, destination: Destination) -> None:
    assert parse_url(url) == destination


def test_loopback_is_allowed_only_when_asked_for_and_nothing_else_with_it() -> None:
    assert parse_url("http://127.0.0.1:8080/x", loopback_allowed=True) == Destination("http", "127.0.0.1", 8080, "/x")
    assert parse_url("http://10.0.0.1:8080/x", loopback_allowed=True) is UrlFault.ADDRESS
    assert parse_url("http://169.254.169.254/", loopback_allowed=True) is UrlFault.ADDRESS


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        [PUBLIC, "169.254.169.254"],
        ["10.1.2.3", PUBLIC],
        [PUBLIC, "::1"],
        ["2606:4700::1111", "::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["fe80::1%1"],
    ],
)
async def test_a_name_with_any_inner_address_is_not_called_at_all(answer: list[str]) -> None:
    destination = Destination("https", "rebind.example", 443, "/")
    assert await choose_address(destination, Names(answer)) is UrlFault.ADDRESS


async def test_a_name_without_an_address_is_not_called() -> None:
    assert await choose_address(Destination("https", "none.example", 443, "/"), Names([])) is UrlFault.HOST


async def test_a_name_is_resolved_once_so_that_rebinding_changes_nothing() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    destination = Destination("https", "rebind.example", 443, "/")
    assert str(await choose_address(destination, names)) == PUBLIC
    assert names.asked == 1


async def test_a_written_address_is_not_resolved() -> None:
    names = Names(["127.0.0.1"])
    assert str(await choose_address(Destination("https", PUBLIC, 443, "/"), names)) == PUBLIC
    assert names.asked == 0


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_never_public(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not is_public(address)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_that_carries_an_ipv4_address_is_public(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped or address.sixtofour or address.teredo or not address.is_global:
        assert not is_public(address)


@given(st.text(max_size=60))
def test_any_text_is_a_destination_or_a_fault(text: str) -> None:
    assert isinstance(parse_url(text), Destination | UrlFault)
    assert isinstance(parse_url(f"https://{text}"), Destination | UrlFault)
