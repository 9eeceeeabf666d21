"""What Salesforce says: its words, numbers and rules. Standard library only."""
