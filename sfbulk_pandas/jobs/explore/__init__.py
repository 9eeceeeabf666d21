"""See what an org has: its objects, their fields, and what a query's columns hold."""
