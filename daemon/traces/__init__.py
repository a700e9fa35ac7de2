"""One trace for each decision: from the signal over the rule to the action and what was seen afterwards."""
