"""What is for sale: categories, listings, their variants, photos and stock."""

from catalog.models.category import Category
from catalog.models.import_run import ImportedImage, ImportItem, ImportRun, ImportRunMove
from catalog.models.listing import Listing, ListingEdit, ListingMove
from catalog.models.photo import Photo
from catalog.models.stock import Reservation, ReservationMove, StockChange
from catalog.models.variant import Variant
from catalog.models.word import Word

__all__ = [
    "Category",
    "ImportItem",
    "ImportRun",
    "ImportRunMove",
    "ImportedImage",
    "Listing",
    "ListingEdit",
    "ListingMove",
    "Photo",
    "Reservation",
    "ReservationMove",
    "StockChange",
    "Variant",
    "Word",
]
