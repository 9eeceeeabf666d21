"""SOQL: text to tree, tree to the database's SQL."""
