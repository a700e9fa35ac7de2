"""What is asked of running both over HTTP: requests, refusals, views and the desk."""
