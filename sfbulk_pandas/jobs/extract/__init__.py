"""Extracts: pages fetched in parallel, checked, and handed to a sink."""
