"""How things look: values in, HTML or lines of text out. No script, nothing fetched, everything escaped."""
