"""Move data between pandas and Salesforce with Bulk API 2.0."""
