"""What the demo's shops sell, from goods.json. Prices are minor units of the shop's currency."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

FILE = Path(__file__).with_name("goods.json")


@dataclass(frozen=True)
class Good:
    """One listing of the demo."""

    category: str
    title: str
    price: int
    stock: int
    text: str
    delivery: str
    # Empty: the shop's.
    currency: str = ""
    # The choices a buyer has, by name; the stock is that of each combination.
    options: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shop:
    """One shop of the demo, and the person who owns it."""

    owner: str
    name: str
    country: str
    currency: str
    # The hair of its owner (catalog.demo_faces).
    face: str
    about: str
    goods: tuple[Good, ...]


# What a demo has that has to be there soon.
SMALL_SHOPS, SMALL_GOODS = 3, 8


def shops(*, small: bool = False) -> list[Shop]:
    """The demo's shops, in the order they open; a small demo has a few, with a few things each."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    every = [Shop(**{**row, "goods": tuple(Good(**good) for good in row["goods"])}) for row in rows]
    return [replace(shop, goods=shop.goods[:SMALL_GOODS]) for shop in every[:SMALL_SHOPS]] if small else every
