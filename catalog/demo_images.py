"""Pictures for the demo: still lifes of flat shapes in warm colours, the same for the same title.

They stand in for photographs without anybody's photograph being in the repository.
"""

import random
from collections.abc import Callable

from catalog.demo_scene import Colour, Scene, as_jpeg, draw_room, lay_shadow, mix, smooth

Thing = Callable[[Scene, float, float, Colour], None]


def picture(title: str, number: int = 0) -> bytes:
    """A JPEG of 800 × 1000 pixels for a listing called `title`; `number` gives further views of it."""
    scene = Scene(f"{title.lower()}/{number // 3}")
    thing = _thing_for(title, scene.chance)
    scene.main = _colour_of(title) or scene.main
    horizon = scene.chance.uniform(0.74, 0.86)
    draw_room(scene, 2.0 if thing in FLAT else horizon)
    view = random.Random(f"{title}/{number}")  # noqa: S311 - decoration
    x = 0.5 + view.uniform(-0.06, 0.06)
    if thing in FLAT:
        thing(scene, x, 0.62, scene.main)
    else:
        _companion(scene, horizon, view)
        thing(scene, x, horizon + 0.2, scene.main)
    return as_jpeg(scene, view)


def _companion(scene: Scene, horizon: float, view: random.Random) -> None:
    """Something small beside the thing, so that its size can be guessed."""
    x, base = view.choice((0.2, 0.8)) + view.uniform(-0.04, 0.04), horizon + view.uniform(0.06, 0.12)
    kind = view.choice(("fruit", "stones", "sprig", "nothing"))
    if kind == "fruit":
        for dx, r in ((0.0, 0.062), (0.1, 0.052)):
            scene.shadow(x + dx, base, r)
            _ball(scene, x + dx, base - r, r, scene.second)
    elif kind == "stones":
        for dx, rx, ry in ((0.0, 0.085, 0.034), (0.012, 0.06, 0.028), (-0.004, 0.04, 0.022)):
            if dx == 0.0:
                scene.shadow(x, base, rx)
            base -= ry
            scene.ellipse(x + dx, base, rx, ry, mix(scene.second, scene.accent, 0.2 + dx * 20))
            base -= ry * 0.75
    elif kind == "sprig":
        _sprig(scene, x, base, view.uniform(0.5, 0.64), scene.second)


def _sprig(scene: Scene, x: float, base: float, height: float, colour: Colour) -> None:
    scene.shadow(x, base, 0.07)
    lean = 0.12 if x < 0.5 else -0.12
    stem = smooth([(x, base - 0.1), (x + lean * 0.2, base - height * 0.6), (x + lean, base - height)])
    scene.line(stem, mix(colour, (0, 0, 0), 0.25), 0.006)
    for index, (px, py) in enumerate(stem[5::3]):
        side = 1 if index % 2 else -1
        leaf = [
            (px, py),
            (px + side * 0.035, py - 0.035),
            (px + side * 0.085, py - 0.05),
            (px + side * 0.05, py - 0.005),
        ]
        scene.shape(leaf, mix(colour, scene.accent, 0.12 * (index % 3)))
    scene.turned(
        x,
        base,
        [(0.05, 0), (0.07, 0.06), (0.045, 0.13), (0.028, 0.17), (0.03, 0.19)],
        scene.accent,
        mix(scene.accent, (255, 255, 255), 0.5),
    )


def _ball(scene: Scene, x: float, y: float, r: float, colour: Colour) -> None:
    scene.ellipse(x, y, r, r, colour)
    scene.ellipse(x - r * 0.28, y - r * 0.3, r * 0.42, r * 0.36, mix(colour, (255, 244, 226), 0.28))
    scene.line([(x, y - r * 0.95), (x + r * 0.12, y - r * 1.3)], mix(colour, (30, 20, 10), 0.6), 0.006)


def _lighter(colour: Colour) -> Colour:
    return mix(colour, (255, 246, 232), 0.18)


def vase(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A vase."""
    body, neck, height = (
        scene.chance.uniform(0.15, 0.21),
        scene.chance.uniform(0.05, 0.09),
        scene.chance.uniform(0.5, 0.66),
    )
    scene.shadow(x, base, body)
    profile = [
        (body * 0.6, 0),
        (body, height * 0.3),
        (body * 0.9, height * 0.52),
        (neck, height * 0.78),
        (neck * 1.25, height),
    ]
    scene.turned(x, base, profile, colour, _lighter(colour))


def bowl(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A bowl."""
    width, height = scene.chance.uniform(0.26, 0.31), scene.chance.uniform(0.2, 0.26)
    scene.shadow(x, base, width * 0.7)
    scene.turned(
        x,
        base,
        [(width * 0.36, 0), (width * 0.66, height * 0.3), (width * 0.92, height * 0.72), (width, height)],
        colour,
        _lighter(colour),
    )


def mug(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A cup with a handle."""
    width, height = 0.17, scene.chance.uniform(0.3, 0.36)
    scene.shadow(x, base, width)
    scene.pen.ellipse(
        scene.box(x + width * 0.5, base - height * 0.82, x + width * 1.75, base - height * 0.2),
        outline=colour,
        width=int(0.034 * scene.size[0]),
    )
    scene.turned(
        x,
        base,
        [(width * 0.86, 0), (width, height * 0.12), (width, height * 0.9), (width * 1.02, height)],
        colour,
        _lighter(colour),
    )


def bottle(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A bottle with a label."""
    scene.shadow(x, base, 0.12)
    scene.turned(
        x,
        base,
        [(0.115, 0), (0.125, 0.05), (0.125, 0.4), (0.045, 0.52), (0.04, 0.62), (0.046, 0.64)],
        colour,
        _lighter(colour),
    )
    scene.slab(x - 0.125, base - 0.32, x + 0.125, base - 0.14, scene.accent)
    scene.slab(x - 0.06, base - 0.26, x + 0.06, base - 0.25, scene.main)
    scene.slab(x - 0.04, base - 0.22, x + 0.04, base - 0.213, scene.main)


def books(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A small pile of books."""
    scene.shadow(x, base, 0.27)
    for index, hue in enumerate((colour, scene.accent, scene.second, mix(colour, scene.accent, 0.45))):
        thick, half = scene.chance.uniform(0.06, 0.09), scene.chance.uniform(0.23, 0.28)
        dx = scene.chance.uniform(-0.03, 0.03)
        scene.slab(x + dx - half, base - thick, x + dx + half, base, hue, 0.008)
        scene.slab(x + dx - half * 0.7, base - thick, x + dx - half * 0.66, base, mix(hue, (0, 0, 0), 0.2))
        if index % 2:
            scene.slab(
                x + dx + half * 0.1,
                base - thick * 0.56,
                x + dx + half * 0.6,
                base - thick * 0.44,
                mix(hue, (0, 0, 0), 0.35),
            )
        base -= thick


def lamp(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A table lamp."""
    scene.shadow(x, base, 0.14)
    scene.turned(
        x,
        base,
        [(0.12, 0), (0.13, 0.03), (0.04, 0.09), (0.025, 0.2), (0.02, 0.4)],
        scene.second,
        _lighter(scene.second),
    )
    scene.shape(
        [(x - 0.14, base - 0.66), (x + 0.14, base - 0.66), (x + 0.26, base - 0.36), (x - 0.26, base - 0.36)], colour
    )
    scene.shape(
        [(x - 0.11, base - 0.66), (x - 0.07, base - 0.66), (x - 0.15, base - 0.36), (x - 0.21, base - 0.36)],
        _lighter(colour),
    )


def bag(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A bag with a handle."""
    scene.shadow(x, base, 0.28)
    scene.pen.arc(
        scene.box(x - 0.15, base - 0.68, x + 0.15, base - 0.24),
        180,
        360,
        fill=mix(colour, (0, 0, 0), 0.3),
        width=int(0.026 * scene.size[0]),
    )
    scene.shape([(x - 0.25, base - 0.44), (x + 0.25, base - 0.44), (x + 0.29, base), (x - 0.29, base)], colour)
    scene.shape(
        [(x - 0.25, base - 0.44), (x + 0.25, base - 0.44), (x + 0.265, base - 0.29), (x - 0.265, base - 0.29)],
        mix(colour, (0, 0, 0), 0.14),
    )
    scene.slab(x - 0.03, base - 0.33, x + 0.03, base - 0.25, scene.accent, 0.01)


def framed(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A framed print leaning on the wall."""
    scene.shadow(x, base - 0.02, 0.28)
    top = base - 0.82
    scene.slab(x - 0.29, top, x + 0.29, base - 0.02, mix(scene.main, (30, 20, 12), 0.55))
    scene.slab(x - 0.265, top + 0.025, x + 0.265, base - 0.045, (250, 246, 238))
    scene.slab(x - 0.19, top + 0.11, x + 0.19, base - 0.13, scene.accent)
    scene.ellipse(x + scene.chance.uniform(-0.06, 0.06), top + 0.3, 0.09, 0.09, scene.second)
    for index, hue in enumerate((colour, mix(colour, scene.second, 0.5), mix(colour, (0, 0, 0), 0.25))):
        y = base - 0.4 + index * 0.09
        hill = smooth(
            [
                (x - 0.19, y),
                (x - 0.06, y - scene.chance.uniform(0.02, 0.08)),
                (x + 0.07, y + 0.01),
                (x + 0.19, y - scene.chance.uniform(0, 0.06)),
            ]
        )
        scene.shape([*hill, (x + 0.19, base - 0.13), (x - 0.19, base - 0.13)], hue)


def box(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """A box with a lid and a band."""
    scene.shadow(x, base, 0.26)
    scene.slab(x - 0.24, base - 0.3, x + 0.24, base, colour)
    scene.slab(x - 0.255, base - 0.38, x + 0.255, base - 0.29, _lighter(colour), 0.006)
    scene.slab(x - 0.035, base - 0.38, x + 0.035, base, scene.accent)


def candle(scene: Scene, x: float, base: float, colour: Colour) -> None:
    """Three candles."""
    for dx, height in ((-0.17, 0.3), (0.02, 0.46), (0.19, 0.22)):
        scene.shadow(x + dx, base, 0.065)
        scene.slab(x + dx - 0.065, base - height, x + dx + 0.065, base, colour if dx else _lighter(colour), 0.01)
        scene.line([(x + dx, base - height), (x + dx + 0.004, base - height - 0.03)], (50, 40, 34), 0.006)
        scene.shape(
            smooth(
                [
                    (x + dx + 0.004, base - height - 0.1),
                    (x + dx + 0.026, base - height - 0.05),
                    (x + dx + 0.004, base - height - 0.024),
                    (x + dx - 0.016, base - height - 0.05),
                    (x + dx + 0.004, base - height - 0.1),
                ]
            ),
            (244, 196, 104),
        )


def shirt(scene: Scene, x: float, middle: float, colour: Colour) -> None:
    """A garment with sleeves, laid flat."""
    y, edge = middle - 0.34, mix(colour, (0, 0, 0), 0.22)
    long = scene.chance.random() < 0.6
    cuff = y + (0.56 if long else 0.3)
    lay_shadow(
        scene,
        [
            (x - 0.11, y),
            (x + 0.11, y),
            (x + 0.26, y + 0.07),
            (x + 0.25, y + 0.7),
            (x - 0.25, y + 0.7),
            (x - 0.26, y + 0.07),
        ],
    )
    for side in (-1, 1):
        sleeve = [
            (x + side * 0.24, y + 0.06),
            (x + side * (0.42 if long else 0.4), cuff - 0.03),
            (x + side * (0.33 if long else 0.31), cuff),
            (x + side * 0.2, y + 0.28),
        ]
        scene.shape(sleeve, mix(colour, (0, 0, 0), 0.1))
    scene.shape(
        [
            (x - 0.11, y),
            (x + 0.11, y),
            (x + 0.26, y + 0.07),
            (x + 0.24, y + 0.7),
            (x - 0.24, y + 0.7),
            (x - 0.26, y + 0.07),
        ],
        colour,
    )
    scene.ellipse(x, y, 0.085, 0.05, mix(colour, (0, 0, 0), 0.35))
    scene.slab(x - 0.003, y + 0.05, x + 0.003, y + 0.7, edge)
    for step in range(5):
        scene.ellipse(x + 0.012, y + 0.12 + step * 0.125, 0.009, 0.009, scene.accent)
    if scene.chance.random() < 0.5:
        scene.slab(x + 0.07, y + 0.2, x + 0.18, y + 0.32, edge, 0.006)


def scarf(scene: Scene, x: float, middle: float, colour: Colour) -> None:
    """Folded cloth with stripes."""
    half, top, bottom = 0.3, middle - 0.3, middle + 0.3
    lay_shadow(scene, [(x - half, top), (x + half, top), (x + half, bottom), (x - half, bottom)])
    scene.slab(x - half, top, x + half, bottom, colour, 0.012)
    gap = scene.chance.uniform(0.05, 0.09)
    y = top + gap
    while y < bottom - 0.03:
        scene.slab(x - half, y, x + half, y + gap * 0.3, scene.accent if scene.chance.random() < 0.7 else scene.second)
        y += gap
    scene.slab(x - half, middle - 0.004, x + half, middle + 0.012, mix(colour, (0, 0, 0), 0.3))
    for index in range(41):
        fringe = x - half + index * (2 * half / 40)
        scene.line([(fringe, bottom), (fringe + 0.003, bottom + 0.035)], colour, 0.004)


def ring(scene: Scene, x: float, middle: float, colour: Colour) -> None:
    """A piece of jewellery on a dish."""
    lay_shadow(
        scene,
        [
            (x + 0.33 * dx, middle + 0.33 * dy)
            for dx, dy in ((-0.7, -0.7), (0.7, -0.7), (1, 0), (0.7, 0.7), (-0.7, 0.7), (-1, 0))
        ],
    )
    scene.ellipse(x, middle, 0.36, 0.36, scene.accent)
    scene.ellipse(x, middle, 0.3, 0.3, mix(scene.accent, scene.table, 0.25))
    gold = (190, 140, 66)
    for r, dx in ((0.13, -0.05), (0.09, 0.12)):
        scene.pen.ellipse(
            scene.box(x + dx - r, middle - r, x + dx + r, middle + r), outline=gold, width=int(0.017 * scene.size[0])
        )
        scene.ellipse(x + dx, middle - r, 0.032, 0.032, colour)
        scene.ellipse(x + dx - 0.009, middle - r - 0.01, 0.01, 0.01, mix(colour, (255, 255, 255), 0.6))


FLAT: frozenset[Thing] = frozenset({shirt, scarf, ring})
STANDING: tuple[Thing, ...] = (vase, bowl, mug, bottle, box, candle)
WORDS: tuple[tuple[str, Thing], ...] = (
    ("vase", vase), ("jug", vase), ("carafe", vase), ("bowl", bowl), ("plate", bowl), ("dish", bowl), ("mug", mug),
    ("cup", mug), ("teapot", mug), ("bottle", bottle), ("oil", bottle), ("syrup", bottle), ("soap", box),
    ("book", books),
    ("zine", books), ("notebook", books), ("pattern", books), ("guide", books), ("lamp", lamp), ("light", lamp),
    ("bag", bag), ("tote", bag), ("purse", bag), ("backpack", bag), ("print", framed), ("poster", framed),
    ("linocut", framed), ("painting", framed), ("photograph", framed), ("candle", candle), ("box", box),
    ("scarf", scarf),
    ("blanket", scarf), ("towel", scarf), ("rug", scarf), ("cushion", scarf), ("throw", scarf), ("ring", ring),
    ("earring", ring), ("necklace", ring), ("bracelet", ring), ("brooch", ring), ("shirt", shirt), ("top", shirt),
    ("jacket", shirt), ("jumper", shirt), ("blouse", shirt), ("tee", shirt), ("tuxedo", shirt), ("apron", scarf),
    ("cardigan", shirt), ("dress", shirt),
)  # fmt: skip


COLOURS: dict[str, Colour] = {
    "black": (52, 47, 44),
    "white": (243, 238, 228),
    "grey": (138, 134, 128),
    "navy": (38, 52, 82),
    "blue": (66, 98, 136),
    "indigo": (48, 60, 112),
    "denim": (64, 82, 110),
    "red": (168, 62, 52),
    "yellow": (214, 166, 62),
    "olive": (102, 106, 60),
    "green": (78, 108, 82),
    "pink": (206, 138, 134),
    "brown": (112, 78, 54),
    "ochre": (196, 142, 62),
    "cream": (236, 224, 200),
    "terracotta": (184, 94, 66),
    "sage": (140, 152, 122),
    "plum": (98, 62, 88),
    "leather": (124, 80, 50),
}


def _colour_of(title: str) -> Colour | None:
    words = title.lower().replace("-", " ").split()
    return next((COLOURS[word.strip(",.()")] for word in words if word.strip(",.()") in COLOURS), None)


def _thing_for(title: str, chance: random.Random) -> Thing:
    """What the title names; the last word it names, because "tea towel" is a towel."""
    words = [word.strip(",.()").rstrip("s") for word in title.lower().split()]
    named = [thing for word in words for name, thing in WORDS if word == name]
    return named[-1] if named else chance.choice(STANDING)
