"""The console's pages: what each shows, composed from the view, and the way from one to the other."""
