"""Several looks at one component make one line, and a look that has nothing to say adds nothing to it."""

from daemon.probes.looking import Observed, worst


def test_a_look_without_words_leaves_no_mark_in_the_line() -> None:
    assert worst([Observed("healthy", "version 7"), Observed("healthy", "")], "") == Observed("healthy", "version 7")
