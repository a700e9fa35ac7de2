"""``tillwatch scale``: the group of its commands."""

import typer

from daemon.cli.scale.by_hand import set_
from daemon.cli.scale.replay import replay_load
from daemon.cli.scale.status import plan, status

scale_app = typer.Typer(
    name="scale",
    help="Capacity: what there is, what comes next, units by hand, and recorded load.",
    no_args_is_help=True,
)

scale_app.command("replay")(replay_load)
scale_app.command("status")(status)
scale_app.command("plan")(plan)
scale_app.command("set")(set_)
