"""One adapter for each kind of component: reads its units and sets them, absolutely."""
