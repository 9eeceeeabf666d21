"""What the local org answers: one module for each family of resources."""
