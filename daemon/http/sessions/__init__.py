"""Who is at the console: sessions, what shows that a request is the console's own, who a load balancer says it is."""
