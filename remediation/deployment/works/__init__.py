"""What each kind of step does, over ports alone."""
