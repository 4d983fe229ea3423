"""What can go wrong while rules act."""


class NotNow(Exception):
    """It cannot be done at this moment, and may be done in a few minutes: somebody else is at it."""
