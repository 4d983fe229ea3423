"""The demo's pictures are drawn, the same each time."""

from io import BytesIO

import pytest
from PIL import Image

from catalog import photos
from catalog.demo_faces import HAIR, face
from catalog.demo_images import WORDS, picture
from marketplace.demo.goods import shops


def test_a_picture_is_the_same_for_the_same_title_and_another_for_another():
    assert picture("Moon jug") == picture("Moon jug")
    assert picture("Moon jug") != picture("Moon jug", 1)
    assert picture("Moon jug") != picture("Moon bowl")


@pytest.mark.parametrize("word", sorted({thing.__name__: word for word, thing in WORDS}.values()))
def test_every_kind_of_thing_can_be_drawn_and_kept_as_a_photo(word: str):
    drawn = picture(f"A blue {word}")

    image = Image.open(BytesIO(drawn))
    assert (image.format, image.width / image.height) == ("JPEG", 4 / 5)
    assert photos.encode(BytesIO(drawn)).width == image.width


@pytest.mark.parametrize("hair", sorted(HAIR))
def test_every_kind_of_face_can_be_drawn_and_kept_as_a_portrait(hair: str):
    drawn = face("Moon & Jug", hair)

    assert drawn == face("Moon & Jug", hair)
    assert drawn != face("Jug & Moon", hair)
    assert photos.draw_square(BytesIO(drawn), 720).width == 720


def test_every_shop_of_the_demo_has_a_face_and_a_story():
    for shop in shops():
        assert shop.face in HAIR
        assert shop.about.count(".") >= 2
