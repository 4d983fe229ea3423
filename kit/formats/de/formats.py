"""How German writes what our code and templates name by its English pattern: “14. Juni”, not “14 Juni”.

Django looks a pattern up here by its name before it takes it literally.
"""

PATTERNS = {
    "j F": "j. F",
    "j F Y": "j. F Y",
    "j F, H:i": "j. F, H:i",
    "j F, H:i T": "j. F, H:i T",
    "j F Y, H:i": "j. F Y, H:i",
    "j F Y, H:i T": "j. F Y, H:i T",
    "j F Y, H:i:s": "j. F Y, H:i:s",
    "j F Y, H:i:s T": "j. F Y, H:i:s T",
    "j M": "j. M",
    "j M, H:i": "j. M, H:i",
    "j M Y": "j. M Y",
    "j M Y, H:i": "j. M Y, H:i",
    "l, j F Y": "l, j. F Y",
    "l, j F Y, H:i T": "l, j. F Y, H:i T",
}

globals().update(PATTERNS)
