"""What a scenario makes happen: its steps, its deployment, and what AWS would report."""
