"""Raw messages in, facts out: pure, and the only place that knows what other systems' events look like."""
