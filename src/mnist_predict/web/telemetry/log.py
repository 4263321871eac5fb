"""What the service logs is a line of JSON each, as its requests are (journal.py)."""

import json
import logging
from datetime import UTC, datetime


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage() + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")
        line = {"time": iso(record.created), "level": record.levelname.lower(), "message": message}
        return json.dumps(line, ensure_ascii=False)


def log_in_lines() -> None:
    """From now on, in this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)  # the store says itself when it is away, and why


def iso(seconds: float) -> str:
    """A time as in all answers."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
