"""Baskets, purchases and orders: the rows a purchase is made of."""

from orders.models.basket import Basket, BasketLine
from orders.models.carrier import CarrierNews, CarrierNewsMove
from orders.models.digital import DigitalFile, Download
from orders.models.facts import PurchaseFacts
from orders.models.fees import FeeRule
from orders.models.line import OrderLine
from orders.models.order import (
    NUMBER_ALPHABET,
    DeliveredBy,
    FundsFlow,
    Order,
    OrderMove,
    Purchase,
    PurchaseMove,
    Status,
    new_number,
)
from orders.models.saved import SavedListing
from orders.models.terms import Terms

__all__ = [
    "NUMBER_ALPHABET",
    "Basket",
    "BasketLine",
    "CarrierNews",
    "CarrierNewsMove",
    "DeliveredBy",
    "DigitalFile",
    "Download",
    "FeeRule",
    "FundsFlow",
    "Order",
    "OrderLine",
    "OrderMove",
    "Purchase",
    "PurchaseFacts",
    "PurchaseMove",
    "SavedListing",
    "Status",
    "Terms",
    "new_number",
]
