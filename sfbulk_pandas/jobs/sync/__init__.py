"""Incremental copies of an object: what has changed since the last time, put into a folder of Parquet files."""
