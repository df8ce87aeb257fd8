"""What is said when pieces fail."""

from collections.abc import Mapping
from typing import Any

_NAMED = 10


class PieceError(RuntimeError):
    """Some pieces failed; the others are done.

    Attributes
    ----------
    reasons : dict of str to str
        Of the pieces that failed, by their names.
    finished : dict of int to result
        Of the pieces that did not fail, by their place among the items; empty where they are kept.
    """

    def __init__(self, message: str, reasons: Mapping[str, str], finished: Mapping[int, Any]) -> None:
        super().__init__(message)
        self.reasons = dict(reasons)
        self.finished = dict(finished)

    def __reduce__(self) -> tuple:
        return type(self), (str(self), self.reasons, self.finished)


def explain(reasons: Mapping[str, str], done: int, tries: int, *, kept: bool, ended: bool) -> str:
    """The pieces that failed and why, and how to go on."""
    named = "; ".join(f"{name} ({reason})" for name, reason in list(reasons.items())[:_NAMED])
    more = f"; and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    some = "1 piece failed" if len(reasons) == 1 else f"{len(reasons)} pieces failed"
    rest = "" if ended else ", and no more were begun"
    way = (
        f"{done} are kept; mend the cause and start the same command again"
        if kept
        else f"{done} are in the error's `finished`; mend the cause, or try keep=run.chunk to keep them"
    )
    often = "" if tries == 1 else f" after {tries} tries each"
    return f"{some}{often}{rest}: {named}{more}. Of the others {way}"
