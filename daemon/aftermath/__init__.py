"""What a rolled-back release left behind: how long it took, what it cost, and the payments to be put right."""
