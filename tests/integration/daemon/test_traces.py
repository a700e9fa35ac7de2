"""A real daemon tells a collector of a rollback as one trace, and rolls back all the same where none answers."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from daemon.embedded.processes.ports import free_port
from tests.integration.daemon.world import (
    NO_ROOTS,
    Account,
    Program,
    Programs,
    Sender,
    ask,
    attempt,
    configure,
    entries,
    packed,
    rollout,
    until,
)
from tests.serving import serving
from tests.unit.house.promql import documented

ROLLBACK = [
    "fact received",
    "rule evaluated",
    "decided",
    "intent journaled",
    "action called",
    "verified",
]


async def core_metrics(core: Program) -> str:
    """What a core exposes."""
    headers = {"Authorization": f"Bearer {core.key}"}
    async with httpx.AsyncClient(base_url=core.url, trust_env=False, headers=headers, verify=NO_ROOTS) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == httpx.codes.OK
    return answer.text


class Collector:
    """Takes what is posted to /v1/traces."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which may carry many requests."""
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
            assert head.startswith("POST /v1/traces HTTP/1.1\r\n")
            (length,) = re.findall(r"(?i)\r\ncontent-length: (\d+)", head)
            request = ExportTraceServiceRequest.FromString(await reader.readexactly(int(length)))
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    self.spans += scope.spans
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    def rollback(self) -> list[Span]:
        """The spans of the decision that was carried out, the whole first; empty until they came."""
        wholes = [span for span in self.spans if _told(span).get("till.outcome") == "verified"]
        return [span for span in self.spans if wholes and span.trace_id == wholes[0].trace_id]


def _told(span: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in span.attributes}


async def rolling_back(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender, port: int
) -> tuple[Program, Program]:
    """A daemon that tells this collector, with the evidence for a rollback, and the core that it watches."""
    blue = await programs.core(tmp_path / "payments.db", account, "--environment", "blue")
    folder = configure(tmp_path, account, cores={"blue": blue.url})
    settings = yaml.safe_load((folder / "tillwatch.yaml").read_text("utf-8"))
    settings["traces"] = {"endpoint_url": f"http://127.0.0.1:{port}"}
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    daemon = await programs.ready_daemon(folder)
    await sender.send(account.control_queue, rollout("dep-1"))
    await until(lambda: bool(entries(tmp_path, "deployment")), "the deployment is in the journal")
    await sender.send(account.payment_queue, packed(*(attempt(number, "failed") for number in range(60))))
    await until(lambda: bool(entries(tmp_path, "outcome")), "the rollback has an outcome")
    return daemon, blue


@pytest.mark.timeout(120)
async def test_a_rollback_arrives_as_one_trace(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    collector = Collector()
    async with serving(collector.serve) as port:
        daemon, core = await rolling_back(tmp_path, programs, account, sender, port)
        await until(lambda: bool(collector.rollback()), "the trace is at the collector")
        metrics = (await ask(daemon, "/metrics", "application/openmetrics-text")).text
        plain = (await ask(daemon, "/metrics")).text + await core_metrics(core)
        assert await daemon.stop() == 0
    whole, *steps = collector.rollback()
    (outcome,) = entries(tmp_path, "outcome")
    assert _told(whole)["till.decision"] == outcome.fields["decision_id"]
    assert [step.name for step in steps] == ROLLBACK
    assert {step.parent_span_id for step in steps} == {whole.span_id}
    assert re.search(r'(?m)^till_traces_total\{outcome="sent"\} [1-9]', metrics)
    # What dashboards and alerts name is exposed by what really runs.
    exposed = set(re.findall(r"(?m)^# TYPE (\S+)", plain))
    assert {one.name for one in documented().values() if not one.is_optional} - exposed == set()
    # The same trace is in the journal, in the line of the log, and beside the bucket of the histogram.
    trace_id = whole.trace_id.hex()
    told = [entry.fields for kind in ("decision", "intent", "outcome") for entry in entries(tmp_path, kind)]
    assert trace_id in [one["trace_id"] for one in told if one.get("act")]
    assert outcome.fields["trace_id"] == trace_id
    (line,) = [one for one in daemon.said().splitlines() if '"action_ended"' in one]
    assert f'"trace_id": "{trace_id}"' in line
    assert re.search(rf'(?m)^till_cause_to_call_seconds_bucket\{{.*\}} \S+ # \{{trace_id="{trace_id}"\}}', metrics)


@pytest.mark.timeout(120)
async def test_a_collector_that_is_not_there_holds_up_neither_rollback_nor_stop(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    daemon, _ = await rolling_back(tmp_path, programs, account, sender, free_port("127.0.0.1"))
    await until(lambda: '"traces_not_sent"' in daemon.said(), "the daemon says that nobody takes its traces")
    assert await daemon.stop() == 0
    (outcome,) = entries(tmp_path, "outcome")
    assert outcome.fields["status"] == "verified"
