"""Shadow reads: both sides of what is read are compared in the background, and equal reads are the evidence."""
