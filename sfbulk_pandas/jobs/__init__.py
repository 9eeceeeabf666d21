"""The use cases: load a frame, fetch a query, wait for jobs, account for every row."""
