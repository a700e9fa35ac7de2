"""What each payment costs, by component, measured and priced by a dated price file."""
