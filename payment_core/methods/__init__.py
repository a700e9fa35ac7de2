"""Payment methods that customers keep: vaulted cards, and which token a payment may use."""
