"""Where a record is kept, and how safely, as clients and pages are told."""

from mnist_predict.store.protocol import Status
from mnist_predict.store.record import Record
from mnist_predict.web.current import service

EPHEMERAL = "The spool is inside this container and is lost with it: mount a volume at the data folder."
UNSYNCED = (
    "The store has not synced this to its disks yet. The copy that is kept until then is inside this container and "
    "is lost with it: mount a volume at the data folder."
)


def notice() -> Status | None:
    """What the pages say of the store; None when there is nothing to say."""
    status = service.store.status()
    return status if status.away or status.waiting or (status.ephemeral and status.unsynced) else None


def stored(record: Record) -> dict[str, str]:
    """`stored` of an answer: `store` or `spool`, with a `warning` where it is on no disk that lasts."""
    place = service.stored(record)
    warning = EPHEMERAL if place == "spool" else UNSYNCED
    return {"stored": place} | ({"warning": warning} if service.store.is_ephemeral(record.id) else {})


def stored_lines(record: Record) -> list[str]:
    """The same as lines of a text answer; none for the store, where everybody expects it."""
    told = stored(record)
    lines = ["stored: in the spool, until the store is back"] if told["stored"] == "spool" else []
    return [*lines, f"warning: {told['warning']}"] if "warning" in told else lines
