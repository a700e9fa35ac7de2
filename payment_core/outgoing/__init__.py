"""What all share that ask others over HTTP."""
