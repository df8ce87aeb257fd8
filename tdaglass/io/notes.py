"""What a file leaves open and how it was taken: said once for each file, as a warning of a class of its own."""

import warnings
from collections.abc import Iterable


class FileWarning(UserWarning):
    """A file does not say something, or says what cannot be kept; the sentence tells how it was taken.

    Everything that is said while reading and writing is said by this class, so one filter turns it off
    (``warnings.filterwarnings("ignore", category=io.FileWarning)``) or into errors.
    """


def say(notes: Iterable[str], said: set[str]) -> None:
    """Warn of each note that was not said before, and remember it."""
    for note in notes:
        if note not in said:
            said.add(note)
            warnings.warn(note, FileWarning, stacklevel=4)
