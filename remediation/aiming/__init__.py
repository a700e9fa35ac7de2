"""Whom a finding puts the blame on: a release, a region, a payer."""
