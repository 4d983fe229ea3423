"""Faces for the demo's shops: a head and shoulders in flat shapes, the same for the same name.

Like the pictures of what they sell, they stand in for photographs of anybody; features are hinted at, nobody is meant.
"""

import random
from collections.abc import Callable

from catalog.demo_scene import Colour, Scene, as_jpeg, mix, smooth

# The middle of the head, and its halves; drawn where the square that photos.draw_square cuts out has its middle.
X, Y, WIDE, HIGH = 0.5, 0.56, 0.135, 0.175
SKINS: tuple[Colour, ...] = ((240, 205, 178), (224, 178, 142), (198, 144, 106), (150, 100, 70), (110, 72, 52))
HAIRS: tuple[Colour, ...] = ((46, 36, 32), (88, 58, 40), (140, 88, 48), (176, 128, 72), (150, 146, 140))
LIGHT: Colour = (255, 250, 240)

Hair = Callable[[Scene, Colour], None]


def face(name: str, hair: str) -> bytes:
    """A JPEG of the owner of the shop called `name`, their hair being one of HAIR."""
    scene = Scene(f"{hair} for {name}")
    behind, before = HAIR[hair]
    skin, colour = scene.chance.choice(SKINS), scene.chance.choice(HAIRS)
    scene.slab(-0.1, -0.1, 1.1, 1.4, scene.wall)
    scene.ellipse(X, Y + 0.06, 0.4, 0.4, mix(scene.wall, scene.second, 0.34))
    behind(scene, colour)
    _shoulders(scene, skin)
    scene.ellipse(X, Y, WIDE, HIGH, skin)
    _features(scene, skin)
    before(scene, colour)
    return as_jpeg(scene, random.Random(name))  # noqa: S311 - decoration


def _shoulders(scene: Scene, skin: Colour) -> None:
    """A neck, and what is worn at work: a shirt with an apron over it."""
    neck = mix(skin, (60, 20, 10), 0.16)
    body = smooth([(0.12, 1.3), (0.17, 0.98), (0.3, 0.86), (0.43, 0.83)])
    scene.shape([*body, *[(1 - x, y) for x, y in reversed(body)]], scene.main)
    scene.ellipse(X, 0.835, 0.085, 0.05, neck)
    scene.slab(X - 0.055, Y + 0.08, X + 0.055, 0.84, neck)
    apron = mix(scene.accent, scene.wall, 0.25)
    for side in (-1, 1):
        strap = [(X + side * 0.1, 0.85), (X + side * 0.135, 0.852), (X + side * 0.175, 1.0), (X + side * 0.13, 1.0)]
        scene.shape(strap, apron)
    scene.slab(X - 0.19, 0.99, X + 0.19, 1.4, apron, 0.02)


def _features(scene: Scene, skin: Colour) -> None:
    """Brows, closed eyes, a nose and a smile, each a line."""
    line, blush = mix(skin, (50, 20, 14), 0.62), mix(skin, (206, 92, 78), 0.3)
    for side in (-1, 1):
        x = X + side * 0.058
        scene.ellipse(x + side * 0.022, Y + 0.062, 0.026, 0.02, blush)
        scene.line(smooth([(x - 0.024, Y + 0.004), (x, Y + 0.016), (x + 0.024, Y + 0.004)]), line, 0.006)
        scene.line(smooth([(x - 0.028, Y - 0.042), (x, Y - 0.052), (x + 0.028, Y - 0.042)]), line, 0.007)
    scene.line(smooth([(X, Y + 0.01), (X + 0.014, Y + 0.05), (X - 0.004, Y + 0.056)]), line, 0.005)
    scene.line(smooth([(X - 0.036, Y + 0.096), (X, Y + 0.11), (X + 0.036, Y + 0.096)]), line, 0.007)


def _crown(scene: Scene, colour: Colour, *, low: float = -0.02, parted: float = 0.0) -> None:
    """Hair over the brow, from ear to ear."""
    top = smooth(
        [
            (X - WIDE - 0.018, Y + low + 0.04),
            (X - WIDE - 0.012, Y - 0.1),
            (X - 0.06, Y - HIGH - 0.035),
            (X + 0.06, Y - HIGH - 0.035),
            (X + WIDE + 0.012, Y - 0.1),
            (X + WIDE + 0.018, Y + low + 0.04),
        ]
    )
    brow = smooth(
        [
            (X + WIDE - 0.006, Y + low),
            (X + 0.09, Y - 0.085),
            (X + parted, Y - 0.125),
            (X - 0.09, Y - 0.085),
            (X - WIDE + 0.006, Y + low),
        ]
    )
    scene.shape([*top, *brow], colour)


def _nothing(scene: Scene, colour: Colour) -> None:
    """None on this side of the head."""


def _bun(scene: Scene, colour: Colour) -> None:
    scene.ellipse(X + 0.02, Y - HIGH - 0.065, 0.072, 0.066, mix(colour, LIGHT, 0.08))


def _parted(scene: Scene, colour: Colour) -> None:
    _crown(scene, colour, parted=0.05)


def _long(scene: Scene, colour: Colour) -> None:
    left = smooth([(X, Y - 0.2), (X - 0.165, Y - 0.1), (X - 0.19, Y + 0.12), (X - 0.17, Y + 0.3), (X - 0.08, Y + 0.34)])
    scene.shape([*left, *[(2 * X - x, y) for x, y in reversed(left)]], mix(colour, (0, 0, 0), 0.18))


def _curls(scene: Scene, colour: Colour) -> None:
    for dx, dy, r in ((-0.14, 0.02, 0.06), (0.14, 0.02, 0.06), (-0.15, -0.07, 0.066), (0.15, -0.07, 0.066)):
        scene.ellipse(X + dx, Y + dy, r, r, mix(colour, (0, 0, 0), 0.15))
    for dx, dy, r in ((-0.1, -0.14, 0.07), (0.1, -0.14, 0.07), (0.0, -0.175, 0.08), (-0.05, -0.12, 0.05)):
        scene.ellipse(X + dx, Y + dy, r, r, colour)
    scene.ellipse(X + 0.055, Y - 0.12, 0.05, 0.045, colour)


def _braid(scene: Scene, colour: Colour) -> None:
    _crown(scene, colour)
    for step in range(6):
        x, y = X + 0.15 + 0.006 * step, Y + 0.05 + step * 0.058
        scene.ellipse(x, y, 0.04 - 0.003 * step, 0.036, mix(colour, LIGHT, 0.1 * (step % 2)))


def _beard(scene: Scene, colour: Colour) -> None:
    _crown(scene, colour, low=-0.05, parted=-0.03)
    rim = smooth(
        [
            (X - WIDE - 0.004, Y + 0.01),
            (X - 0.12, Y + 0.13),
            (X, Y + HIGH + 0.045),
            (X + 0.12, Y + 0.13),
            (X + WIDE + 0.004, Y + 0.01),
        ]
    )
    lip = smooth(
        [(X + 0.1, Y + 0.07), (X + 0.05, Y + 0.078), (X, Y + 0.07), (X - 0.05, Y + 0.078), (X - 0.1, Y + 0.07)]
    )
    scene.shape([*rim, *lip], colour)
    smile = mix(colour, LIGHT, 0.55)
    scene.line(smooth([(X - 0.03, Y + 0.104), (X, Y + 0.116), (X + 0.03, Y + 0.104)]), smile, 0.007)


def _cap(scene: Scene, colour: Colour) -> None:
    _crown(scene, colour)
    cloth = mix(scene.second, (0, 0, 0), 0.12)
    top = smooth([(X - 0.16, Y - 0.09), (X - 0.13, Y - 0.2), (X, Y - 0.245), (X + 0.13, Y - 0.2), (X + 0.16, Y - 0.09)])
    scene.shape(top, cloth)
    scene.slab(X - 0.165, Y - 0.125, X + 0.165, Y - 0.085, mix(cloth, LIGHT, 0.2), 0.02)


# What is behind the head, and what is before it.
HAIR: dict[str, tuple[Hair, Hair]] = {
    "bun": (_bun, _parted),
    "beard": (_nothing, _beard),
    "long": (_long, _parted),
    "curls": (_curls, _curls),
    "braid": (_nothing, _braid),
    "cap": (_nothing, _cap),
}
