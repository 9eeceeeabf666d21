"""How values are written as the text that travels: what the encoder sends, and what the check looks at."""
