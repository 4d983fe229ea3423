"""What the person at the terminal sees: a line for each thing that happens, at once."""

import time

_half_a_line = False


class Step:
    """`with Step("Starting X"):` - says what is being done, and then how long it took."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.began = time.monotonic()

    def __enter__(self) -> None:
        global _half_a_line
        say(f"{self.title} ...", end="")
        _half_a_line = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        global _half_a_line
        seconds = f"{time.monotonic() - self.began:.1f} s"
        if kind is None:
            # Something else was said in between: name the step again.
            print(f" {seconds}" if _half_a_line else f"demo: {self.title}: {seconds}", flush=True)
        elif _half_a_line:
            print(flush=True)
        _half_a_line = False


def say(text: str, *, end: str = "\n") -> None:
    """One line, below whatever step is being shown."""
    global _half_a_line
    if _half_a_line:
        print()
        _half_a_line = False
    print(f"demo: {text}", end=end, flush=True)
