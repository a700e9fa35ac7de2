"""What each job does with a batch: checks and seals it, writes it, finds it again, takes it back."""
