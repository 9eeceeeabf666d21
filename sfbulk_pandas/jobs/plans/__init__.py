"""How the rows of a query are fetched: a module a way."""
