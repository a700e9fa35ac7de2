"""A stand-in for KMS with authenticated encryption, rotation and key states."""
