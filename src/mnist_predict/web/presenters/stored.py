"""Where a record is kept while the store is away, as clients and pages are told."""

from mnist_predict.store.protocol import Status
from mnist_predict.store.record import Record
from mnist_predict.web.current import service

EPHEMERAL = "The spool is inside this container and is lost with it: mount a volume at the data folder."


def notice() -> Status | None:
    """What the pages say of the store; None when there is nothing to say."""
    status = service.store.status()
    return status if status.away or status.waiting else None


def stored(record: Record) -> dict[str, str]:
    """`stored` of an answer: `store` or `spool`, there with a `warning` where the spool is not safe for long."""
    place = service.stored(record)
    ephemeral = place == "spool" and service.store.status().ephemeral
    return {"stored": place} | ({"warning": EPHEMERAL} if ephemeral else {})


def stored_lines(record: Record) -> list[str]:
    """The same as lines of a text answer; none for the store, where everybody expects it."""
    told = stored(record)
    if told["stored"] == "store":
        return []
    lines = ["stored: in the spool, until the store is back"]
    return [*lines, f"warning: {told['warning']}"] if "warning" in told else lines
