"""What stops the demo, said in a sentence."""


class DemoError(Exception):
    """The demo cannot go on; the message tells a person why and what to do."""


class Interrupted(Exception):  # noqa: N818 - not an error: somebody pressed Ctrl-C
    """Somebody asked the demo to stop while it was still starting."""
