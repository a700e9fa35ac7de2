"""The card and bank rails behind one port, and the simulated acquirer that stands in for them."""
