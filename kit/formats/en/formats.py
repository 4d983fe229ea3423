"""How English writes dates where Django chooses the pattern itself: “14 June 2026, 15:30”, as on all other pages.

Without this the admin would say “June 14, 2026, 3:30 p.m.” beside our own “14 June”.
"""

PATTERNS = {
    "DATE_FORMAT": "j F Y",
    "TIME_FORMAT": "H:i",
    "DATETIME_FORMAT": "j F Y, H:i",
    "YEAR_MONTH_FORMAT": "F Y",
    "MONTH_DAY_FORMAT": "j F",
    "SHORT_DATE_FORMAT": "j M Y",
    "SHORT_DATETIME_FORMAT": "j M Y, H:i",
}

globals().update(PATTERNS)
