"""The only HTTP: one session, with its retries, its clock and one token renewal at a time."""
