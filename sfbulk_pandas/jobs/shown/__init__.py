"""How results, jobs and lists of them look, in notebooks and terminals."""
