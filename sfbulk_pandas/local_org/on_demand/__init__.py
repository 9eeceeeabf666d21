"""What goes wrong on demand: faults of requests and jobs, and outcomes of rows and queries."""
