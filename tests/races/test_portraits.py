"""Two who replace a shop's photo at the same moment."""

from io import BytesIO

import pytest
from PIL import Image

from accounts.models import Seller
from catalog import portraits
from tests.factories import SellerFactory
from tests.together import rival

pytestmark = pytest.mark.django_db(transaction=True)


def picture(colour: str) -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (80, 80), colour).save(out, "PNG")
    out.seek(0)
    return out


def test_of_two_photos_at_once_one_is_kept_and_no_file_is_left_over() -> None:
    seller = SellerFactory()

    with rival("portraits.replacing", lambda: portraits.keep(Seller.objects.get(pk=seller.pk), picture("red"))) as came:
        portraits.keep(seller, picture("blue"))

    assert came == [None]
    shown = Seller.objects.get(pk=seller.pk).portrait
    folder, _, name = shown.name.rpartition("/")
    assert shown.storage.listdir(folder)[1] == [name]
