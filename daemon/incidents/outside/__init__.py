"""What people do to incidents in other systems, which send it back by webhooks."""
