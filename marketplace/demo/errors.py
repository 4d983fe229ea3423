"""What stops the demo, said in a sentence."""


class DemoError(Exception):
    """The demo cannot go on; the message tells a person why and what to do."""


class Interrupted(Exception):
    """Somebody asked the demo to stop while it was still starting."""
