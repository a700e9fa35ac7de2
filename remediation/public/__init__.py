"""What the outside is told of incidents and maintenance: proposed, approved, published, sent, and journaled."""
