"""Where a record is kept while the store is away, as clients and pages are told."""

from dataclasses import dataclass

from mnist_predict.store.record import Record
from mnist_predict.web.current import service

GOES = "The spool is inside this container and goes with it: mount a volume at the data folder."


@dataclass(frozen=True)
class Notice:
    """What the pages say: whether the store is away, how many records wait, and whether they go with the container."""

    away: bool
    waiting: int
    goes: bool


def notice() -> Notice | None:
    """The notice of a page; None when there is nothing to say."""
    spooled = service.spooled
    if spooled is None:
        return None
    away, waiting = spooled.away is not None, spooled.waiting()
    return Notice(away, waiting, spooled.goes_with_container) if away or waiting else None


def stored(record: Record) -> dict[str, str]:
    """`stored` of an answer: `store` or `spool`, there with a `warning` where the spool is not safe for long."""
    place = service.stored(record)
    goes = place == "spool" and service.spooled is not None and service.spooled.goes_with_container
    return {"stored": place} | ({"warning": GOES} if goes else {})


def stored_lines(record: Record) -> list[str]:
    """The same as lines of a text answer; none for the store, where everybody expects it."""
    told = stored(record)
    if told["stored"] == "store":
        return []
    lines = ["stored: in the spool, until the store is back"]
    return [*lines, f"warning: {told['warning']}"] if "warning" in told else lines
