"""The stage of the demo's pictures: paper, light, table, shadow, and the smooth shapes things are made of."""

import random
from io import BytesIO
from math import cos, pi, sin

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 800, 1000
# Drawn larger and made smaller, which smooths the edges.
FINE = 2
# What is blurred anyway is drawn this much smaller.
COARSE = 8
Colour = tuple[int, int, int]
Point = tuple[float, float]

# (wall, table, the thing, its companion, an accent)
PALETTES: tuple[tuple[str, str, str, str, str], ...] = (
    ("#e9dcc9", "#d4bda0", "#b5573c", "#7d8a6a", "#f3ead9"),
    ("#dfe0d6", "#c2bda9", "#3f5a5e", "#c98a4b", "#f1ece0"),
    ("#efd9cc", "#d9b39c", "#7a3b35", "#d99a5b", "#f8efe6"),
    ("#e6dfd3", "#b9a78f", "#4a4038", "#a8563f", "#d8c9a8"),
    ("#d9dfe0", "#b8b3a6", "#2f4858", "#c77b58", "#efe6d6"),
    ("#f0e3c8", "#d8b77c", "#92602b", "#566b4f", "#fbf3e0"),
    ("#e8d5d0", "#c9a7a0", "#5b4a63", "#c26d5a", "#f5e9e2"),
    ("#dcdccb", "#a9ab8c", "#5d6b43", "#b9694a", "#f0eddc"),
)


class Scene:
    """A picture being drawn, in units of its width: x from 0 to 1, y from 0 to 1.25."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - decoration, the same for the same title
        self.wall, self.table, self.main, self.second, self.accent = map(_rgb, self.chance.choice(PALETTES))
        self.size = (WIDTH * FINE, HEIGHT * FINE)
        self.image = Image.new("RGB", self.size, self.wall)
        self.pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> Point:
        """Units to pixels."""
        return x * self.size[0], y * self.size[0]

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """A rectangle in pixels."""
        return (*self.at(x0, y0), *self.at(x1, y1))

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An ellipse about its middle."""
        self.pen.ellipse(self.box(x - rx, y - ry, x + rx, y + ry), fill=colour)

    def shape(self, points: list[Point], colour: Colour) -> None:
        """A closed shape with straight sides."""
        self.pen.polygon([self.at(x, y) for x, y in points], fill=colour)

    def slab(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0.0) -> None:
        """A rectangle, its corners rounded."""
        self.pen.rounded_rectangle(self.box(x0, y0, x1, y1), radius=radius * self.size[0], fill=colour)

    def line(self, points: list[Point], colour: Colour, width: float) -> None:
        """A line through points."""
        self.pen.line([self.at(x, y) for x, y in points], fill=colour, width=int(width * self.size[0]), joint="curve")

    def turned(self, x: float, base: float, profile: list[Point], colour: Colour, light: Colour) -> None:
        """A thing made on a wheel: `profile` gives (half its width, height above the base), the light from the left."""
        curve = smooth(profile)
        outline = [(x - r, base - h) for r, h in curve] + [(x + r, base - h) for r, h in reversed(curve)]
        foot, mouth = curve[0][0], curve[-1]
        self.ellipse(x, base, foot, foot * 0.16, colour)
        self.shape(outline, colour)
        self.shape(
            [(x - r * 0.82, base - h) for r, h in curve] + [(x - r * 0.55, base - h) for r, h in reversed(curve)], light
        )
        self.ellipse(x, base - mouth[1], mouth[0], mouth[0] * 0.16, mix(colour, (0, 0, 0), 0.28))
        self.ellipse(
            x, base - mouth[1] + mouth[0] * 0.03, mouth[0] * 0.9, mouth[0] * 0.12, mix(colour, (0, 0, 0), 0.45)
        )

    def shadow(self, x: float, base: float, width: float) -> None:
        """A soft shadow on the table, falling to the right."""
        outline = [
            (x + width * (0.4 + 1.3 * cos(angle * pi / 18)), base + width * (0.03 + 0.17 * sin(angle * pi / 18)))
            for angle in range(36)
        ]
        self.soft([outline], mix(self.table, (40, 20, 10), 0.55), 95, 0.016)

    def soft(self, outlines: list[list[Point]], colour: Colour, strength: int, blur: float) -> None:
        """Shapes without edges: drawn small, blurred, and laid on."""
        small = (self.size[0] // COARSE, self.size[1] // COARSE)
        mask = Image.new("L", small, 0)
        for outline in outlines:
            ImageDraw.Draw(mask).polygon([(x * small[0], y * small[0]) for x, y in outline], fill=strength)
        mask = mask.filter(ImageFilter.GaussianBlur(small[0] * blur))
        touched = mask.getbbox()
        if touched is None:
            return
        # Only where it falls: a shadow is a small part of the picture, and laying on costs by the pixel.
        left, top = max(0, touched[0] - 1), max(0, touched[1] - 1)
        right, bottom = min(small[0], touched[2] + 1), min(small[1], touched[3] + 1)
        size = ((right - left) * COARSE, (bottom - top) * COARSE)
        part = mask.resize(size, Image.Resampling.BILINEAR, box=(left, top, right, bottom))
        self.image.paste(colour, (left * COARSE, top * COARSE), part)


def draw_room(scene: Scene, horizon: float) -> None:
    """A wall with a patch of window light, and the table; with the horizon out of sight, only a cloth."""
    left = scene.chance.uniform(-0.1, 0.35)
    panes = [
        [(left, -0.1), (left + 0.42, -0.1), (left + 0.72, 0.9), (left + 0.3, 0.9)],
        [(left + 0.5, -0.1), (left + 0.78, -0.1), (left + 1.08, 0.9), (left + 0.8, 0.9)],
    ]
    scene.soft(panes, mix(scene.wall, (255, 252, 244), 0.55), 115, 0.012)
    scene.slab(-0.1, horizon, 1.1, horizon + 1.4, scene.table)
    scene.slab(-0.1, horizon, 1.1, horizon + 0.006, mix(scene.table, (255, 255, 255), 0.25))


def lay_shadow(scene: Scene, outline: list[Point]) -> None:
    """The shadow of something that lies flat."""
    shifted = [(x + 0.022, y + 0.026) for x, y in outline]
    scene.soft([shifted], mix(scene.wall, (40, 20, 10), 0.5), 115, 0.012)


def as_jpeg(scene: Scene, view: random.Random) -> bytes:
    """Smoothed, with a little grain, as a camera would give it."""
    # The mean of each few pixels: as smooth as a finer filter here, at a tenth of its cost.
    image = scene.image.reduce(FINE)
    grain = Image.frombytes("L", (WIDTH // 2, HEIGHT // 2), view.randbytes(WIDTH * HEIGHT // 4)).resize((WIDTH, HEIGHT))
    soft = grain.point(lambda value: 122 + value // 20)
    image = ImageChops.overlay(image, Image.merge("RGB", (soft, soft, soft)))
    out = BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def smooth(points: list[Point]) -> list[Point]:
    """A curve through `points` (Catmull-Rom), twelve steps between each two."""
    padded = [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(12):
            t = step / 12
            curve.append((_between(a[0], b[0], c[0], d[0], t), _between(a[1], b[1], c[1], d[1], t)))
    return [*curve, points[-1]]


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * max(0.0, min(1.0, share))) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _rgb(code: str) -> Colour:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)
