"""Shopify's CSV format, read and written: one product over several rows, one row a variant or a further image.

Both header styles are understood (the older "Handle, Body (HTML), Variant Price" and the newer "URL handle,
Description, Price"), in any order, with columns missing or to spare. Nothing is stored here, and nothing here knows
what a seller has; what is wrong is said by line and column.
"""

from catalog.shopify.dialect import Dialect, NotAProductFile, look
from catalog.shopify.problems import Problem
from catalog.shopify.products import Offer, Product
from catalog.shopify.reader import Reader
from catalog.shopify.writer import HEADER, rows_of

__all__ = [
    "HEADER",
    "Dialect",
    "NotAProductFile",
    "Offer",
    "Problem",
    "Product",
    "Reader",
    "look",
    "rows_of",
]
