"""Card numbers in text: found, masked, and tried against everything that writes lines."""
