"""The console's templates and static files; the code that fills them is in daemon.http."""
