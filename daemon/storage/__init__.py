"""What the daemon keeps on disk beside the journal, and how it finds its way back from there."""
