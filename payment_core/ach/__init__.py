"""The NACHA codec, its rules, its codes and the banking calendar, without any I/O."""
