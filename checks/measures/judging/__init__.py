"""From a number to an episode: limits, verdicts, hysteresis, and how a value is shown."""
