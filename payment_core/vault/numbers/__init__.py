"""Numbers of cards and accounts: which are possible, what they are together, and how they are held unseen."""
