"""Who is told of an incident: people, schedules, steps, and what keeps them from being told."""
