"""Who is told of an incident, when, and what keeps them from being told: pure, over what the journal says."""
