"""The only composer: clock, sockets, AWS clients, sources, schedule, console and command line."""
