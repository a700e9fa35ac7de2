"""How versions are brought out: phases, gates, the places that they run in, and the traffic to them."""
