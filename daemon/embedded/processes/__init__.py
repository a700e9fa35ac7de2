"""Children on loopback that end with their parent."""
