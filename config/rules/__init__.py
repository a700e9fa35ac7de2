"""The shape of rules: what they measure, what they may ask for, their objectives and their tests."""
