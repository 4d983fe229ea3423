"""The buyer's own pages."""
