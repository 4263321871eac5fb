"""Who is told of everything that a service reads and keeps."""

from mnist_predict.reading import Reading
from mnist_predict.store.record import Record


class Meter:
    """Told of everything that a `Service` reads and keeps. This one takes no notice."""

    def read(self, reading: Reading, seconds: float) -> None:
        """A picture was read; `seconds`: with the wait for its turns."""

    def kept(self, record: Record, seconds: float) -> None:
        """A record was stored."""
