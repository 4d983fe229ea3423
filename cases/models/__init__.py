"""Cases between a buyer and a seller, with everything that was said and offered in them."""

from cases.models.case import Case, CaseMove, Party
from cases.models.thread import CaseMessage, CasePhoto, Offer, OfferMove

__all__ = ["Case", "CaseMessage", "CaseMove", "CasePhoto", "Offer", "OfferMove", "Party"]
