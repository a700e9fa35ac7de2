"""What commands print is read by a person and obeyed by no terminal, whoever wrote it."""

import pytest
import typer

from daemon.cli.output import Exit, fail, note, say

WRITTEN = "[bold]root:x:0 noted\x1b]0;mine\x07\x9b2K\r\u202edone\tso\nand so"
SHOWN = "[bold]root:x:0 noted\ufffd]0;mine\ufffd\ufffd2K\ufffd\ufffddone"


def test_a_terminal_obeys_nothing_of_what_somebody_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    say(WRITTEN)
    note(WRITTEN)
    with pytest.raises(typer.Exit):
        fail(WRITTEN, Exit.NO)
    out, err = capsys.readouterr()
    assert (out.count(SHOWN), err.count(SHOWN)) == (1, 2)
    assert "\x1b" not in out + err
    assert out.splitlines()[1] == "and so"
