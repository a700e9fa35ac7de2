"""What runs without being asked: each job is one class, does a bounded batch, and may be repeated or killed."""
