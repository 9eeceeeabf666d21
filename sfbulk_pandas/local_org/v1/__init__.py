"""Bulk API 1.0: what is said in XML as well as JSON, and queries that the server cuts by Id."""
