"""API keys: who may call the payment core, and for what."""
