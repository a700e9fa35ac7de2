"""What is allowed in a rule and hardly meant, beyond what its limit alone tells."""
