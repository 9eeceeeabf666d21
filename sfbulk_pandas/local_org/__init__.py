"""A Salesforce org on localhost: a second, independent reading of the documents."""
