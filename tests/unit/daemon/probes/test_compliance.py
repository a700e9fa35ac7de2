"""Compliance is the worst of what the cores found, TLS, encryption at rest, redaction and IAM policies."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from daemon.errors import AwsFailed
from daemon.probes.compliance import look_at_compliance
from daemon.probes.looking import Look, Observed
from daemon.probes.policies import TEMPLATES, policy_findings, template_findings
from payment_core.logs import written

HOME = {"core blue": "http://127.0.0.2:8000", "AWS": "http://localhost:4566"}


class Queue:
    """A queue that is encrypted, is not, or does not say."""

    name = "till-payment-events"

    def __init__(self, *, sealed: bool | None = True) -> None:
        self._sealed = sealed

    async def encrypted(self) -> bool:
        """As given."""
        if self._sealed is None:
            raise AwsFailed("AccessDenied")
        return self._sealed


async def core() -> Observed:
    return Observed("healthy", "blue: all is well")


async def core_hangs() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def core_objects() -> Observed:
    return Observed("unhealthy", "blue: a stored number is not sealed", ("blue: a stored number is not sealed",))


async def look(
    cores: Look = core,
    *,
    addresses: Mapping[str, str] = HOME,
    sealed: bool | None = True,
    write_log: Callable[[str], str] = written,
    templates: Path = TEMPLATES,
) -> Observed:
    made = look_at_compliance(
        cores, addresses=addresses, queues=[Queue(sealed=sealed)], write_log=write_log, templates=templates
    )
    return await made()


async def test_the_release_keeps_its_own_rules() -> None:
    seen = await look()
    assert (seen.status, seen.findings) == ("healthy", ())
    for words in ("all is well", "encrypted at rest", "no IAM policy allows more", "in clear"):
        assert words in seen.detail


async def test_what_the_cores_find_counts_and_one_that_hangs_does_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (await look(core_objects)).findings == ("blue: a stored number is not sealed",)
    monkeypatch.setattr("daemon.probes.compliance.PART_SECONDS", 0.1)
    seen = await look(core_hangs, sealed=False)
    assert (seen.status, seen.findings) == ("degraded", ("queue till-payment-events is not encrypted at rest",))
    assert (await look(core_hangs)).status == "unknown"


async def test_a_queue_that_does_not_say_is_not_taken_for_encrypted() -> None:
    assert (await look(sealed=None)).status == "unhealthy"


async def test_a_log_that_shows_card_numbers_is_unhealthy() -> None:
    seen = await look(write_log=lambda text: text)
    assert (seen.status, "readable" in seen.detail) == ("unhealthy", True)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://core.internal", "healthy"),
        ("http://[::1]:8000", "healthy"),
        ("http://10.0.0.1:8080", "degraded"),
        ("http://core.internal", "degraded"),
        ("http://127.0.0.1.example.com", "degraded"),
    ],
)
async def test_what_leaves_the_machine_in_clear_is_told(url: str, status: str) -> None:
    assert (await look(addresses={"core blue": url})).status == status


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/p/*"}, 0),
        ({"Action": ["sqs:*"], "Resource": ["arn:q"]}, 1),
        ({"Action": ["sqs:SendMessage"], "Resource": ["*"]}, 1),
        ({"Effect": "Deny", "Action": ["*"], "Resource": ["*"]}, 0),
        ({"Action": ["cloudwatch:GetMetricData"], "Resource": ["*"]}, 0),
        ({"Action": ["cloudwatch:PutMetricData"], "Resource": ["*"]}, 1),
        ({"Action": ["cloudwatch:PutMetricData"], "Resource": ["*"], "Condition": {"StringEquals": {"a": "b"}}}, 0),
        ({"Action": ["cloudwatch:GetMetricData", "sqs:SendMessage"], "Resource": ["*"]}, 1),
        ({"Effect": "Allow", "Action": ["sns:Publish"], "NotResource": ["arn:aws:sns:*:*:*"]}, 0),
        ({"Effect": "Allow", "Action": ["sqs:SendMessage"], "NotResource": ["arn:aws:sns:*:*:*"]}, 1),
        ({"Effect": "Allow", "Action": ["sns:Publish"], "NotResource": "arn:aws:sns:us-east-1:1:x"}, 1),
    ],
)
def test_a_permission_without_a_limit_is_found(statement: dict[str, object], findings: int) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "S", **statement}]}).encode()
    assert len(policy_findings("iam.json", document)) == findings


async def test_templates_that_are_not_there_or_are_none_are_told(tmp_path: Path) -> None:
    assert template_findings(tmp_path) is None
    assert "no IAM policies lie here" in (await look(templates=tmp_path)).detail
    (tmp_path / "iam-x.json").write_text("{", encoding="utf-8")
    found = template_findings(tmp_path)
    assert found is not None
    assert "cannot be read" in found[0]
    assert (await look(templates=tmp_path)).status == "degraded"
