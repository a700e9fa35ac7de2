"""What benches are given: rules, streams of facts, honest people, attacks, and clients that pay."""
