"""Puts together what tells the outside."""

import random
from contextlib import AsyncExitStack

from config.public.reading import Public
from config.settings import Settings
from daemon.aws.session import AwsClients
from daemon.public.carriers import open_carriers
from daemon.public.current import CurrentPublic
from daemon.public.desk import PublicDesk
from daemon.public.parts import PublicParts
from daemon.public.proposing import Proposer
from daemon.public.sending import LetterSender
from daemon.public.watching import Watching
from daemon.status_page.opened import open_status_page
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


async def open_public(
    stack: AsyncExitStack,
    settings: Settings,
    public: Public,
    clients: AwsClients,
    writer: JournalWriter,
    clock: Clock,
    watching: Watching,
) -> PublicParts:
    """Nothing is proposed, written or sent before the first tick. Raises NotUsable for a bad secret of a channel."""
    current = CurrentPublic(public)
    carriers = await open_carriers(stack, settings)
    deadline_seconds = settings.channels.deadline
    share = random.SystemRandom().random
    return PublicParts(
        desk=PublicDesk(writer, clock, current.value),
        proposer=Proposer(writer, clock, current.value),
        sender=LetterSender(writer, clock, current.value, carriers, deadline_seconds, share),
        page=await open_status_page(
            stack,
            settings,
            clients,
            clock,
            state=lambda: writer.state,
            public=current.value,
            watched=watching.is_believed,
        ),
        public=current.value,
        follow=current.follow,
    )
