"""What the page of an incident is made from: the journal's entries about it, and their rows."""
