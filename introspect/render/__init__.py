"""Tables as text and markdown; records as JSON."""
