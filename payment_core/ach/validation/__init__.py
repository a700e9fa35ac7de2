"""What must hold in a file, one module for each level: file, batch, entry, addenda."""
