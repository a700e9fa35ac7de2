"""From the bytes of a record to one of the processor's objects, or to what is wrong with it."""
