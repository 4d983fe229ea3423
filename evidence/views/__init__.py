"""Pages of the room of evidence."""
