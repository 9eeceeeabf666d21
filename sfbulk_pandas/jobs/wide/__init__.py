"""Queries that are too long for one: groups of columns, each fetched by itself, and joined by Id."""
