"""Log records as JSON, one per line, like the journal of requests (journal.py)."""

import json
import logging
from datetime import UTC, datetime
from typing import Any


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage() + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")
        line = {"time": iso(record.created), "level": record.levelname.lower(), "message": message}
        return as_line(line)


def as_line(form: dict[str, Any]) -> str:
    """JSON on one line; what a terminal would obey or not show (control characters, marks of direction) is escaped."""
    text = json.dumps(form, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def log_in_lines() -> None:
    """Log as JSON from now on, in this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)  # the store says itself when it is away, and why


def iso(seconds: float) -> str:
    """A time as all answers have it: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
