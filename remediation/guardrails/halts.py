"""Who or what holds all of automation: a person's stop, or a storm; in words, empty when it may act."""

from remediation.state import State


def stopped(state: State) -> str:
    """Who stopped it, and why."""
    stop = state.stopped
    return "" if stop is None else f"{stop.by} stopped automation: {stop.reason}"


def stopped_itself(why: str) -> str:
    """What a storm is called wherever people read of it."""
    return f"automation stopped itself: {why}"


def stormy(state: State) -> str:
    """Why it stopped itself."""
    storm = state.storm
    return stopped_itself(storm.why) if storm is not None and storm.lasts else ""


def halted(state: State) -> str:
    """The first of both."""
    return stopped(state) or stormy(state)
