"""Turn frames into Salesforce CSV and back, through Arrow. No I/O of its own."""
