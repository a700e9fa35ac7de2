"""The commands of `tillwatch costs`: what payments cost here, the AWS bill, and what leaving a processor saves."""
