"""The fraud score: rules add points within families, bands decide, and each point has its reason."""
