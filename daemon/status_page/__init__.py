"""The status page: what the outside may see of incidents, as files that are written whole and only when they change."""
