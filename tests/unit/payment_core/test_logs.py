"""Logs are one JSON line each, without card numbers, and never end the program."""

import io
import json
import sys

import pytest
import structlog

from payment_core.logs import configure_logs

FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "4242424242424242")
AT_MS = 1_795_462_079_289


def logged(capsys: pytest.CaptureFixture[str], **fields: object) -> dict[str, object]:
    configure_logs()
    structlog.get_logger().info("something happened", action="tested", **fields)
    line: dict[str, object] = json.loads(capsys.readouterr().err)
    return line


@pytest.mark.parametrize(
    "written",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "378282246310005",
        "4\u200b242424242424242",
        FULL_WIDTH,
    ],
)
def test_a_card_number_is_masked_wherever_it_stands(capsys: pytest.CaptureFixture[str], written: str) -> None:
    line = logged(capsys, error=f"card {written} was declined", nested={"body": [written]})
    shown = json.dumps(line, ensure_ascii=False)
    assert written not in shown
    assert "*" in str(line["error"])


def test_times_ids_and_amounts_are_left_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    fields: dict[str, object] = {
        "at_ms": AT_MS,
        "decision_id": "dec-4ebbe681587ef036",
        "account": "123456789012",
        "amount_cents": 424_242,
        "event_id": "7bf73129-1428-4cd3-a780-95db273d1602",
    }
    line = logged(capsys, **fields)
    assert {name: line[name] for name in fields} == fields


def test_a_line_is_json_with_level_time_and_action(capsys: pytest.CaptureFixture[str]) -> None:
    line = logged(capsys)
    assert (line["event"], line["action"], line["level"]) == ("something happened", "tested", "info")
    assert str(line["timestamp"]).endswith("Z")


def test_a_fault_is_logged_with_its_traceback_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        int("4242424242424242 is no number")
    except ValueError:
        structlog.get_logger().exception("failed", action="tested")
    (text,) = capsys.readouterr().err.splitlines()
    assert "ValueError" in json.loads(text)["exception"]
    assert "4242424242424242" not in text


class FullDisk(io.StringIO):
    """Takes nothing."""

    def write(self, text: str) -> int:
        """Refuse."""
        del text
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        """Refuse."""
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", FullDisk())
    configure_logs()
    structlog.get_logger().error("nobody hears this", action="tested")
