"""A seller's own product file, brought in as listings: looked at first, then all of it, or none of it."""
