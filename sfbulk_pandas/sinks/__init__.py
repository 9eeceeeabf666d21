"""Where the rows of a query go: a table, a stream, Parquet files, CSV."""
