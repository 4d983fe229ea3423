"""Pages: the basket, the buyer's orders, the seller's orders."""
