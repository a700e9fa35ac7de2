"""What can be done to an escrow, each within one transaction: with its checks, its money and its next version."""
