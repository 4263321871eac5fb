"""Records at times of one's choice, and what people say of them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from mnist_predict.reading import Box, Digit, Number, Reading, digits_of
from mnist_predict.store.ids import first_id
from mnist_predict.store.record import Record

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=20)
_rest = count(1)


def id_at(at: datetime, sampled: bool = False) -> UUID:
    """A new id of that time, in the random sample or not."""
    return UUID(int=first_id(at).int | (next(_rest) << 12) | (0 if sampled else 0xFFF))


def reading_of(number: str, confidence: float = 0.9) -> Reading:
    """A reading of that number, its digits 20 x 40 pixels; the empty number is none."""
    if not number:
        return Reading((), None, ("Nothing is written here.",), "v1")
    flat = tuple([0.1] * 10)
    digits = tuple(Digit(int(c), Box(30 * at, 0, 20, 40), flat) for at, c in enumerate(digits_of(number)))
    return Reading((Number(number, confidence, 0, Box(0, 0, 30 * len(number), 40), digits),), 0, (), "v1")


def upload(number: str, at: datetime = NOON, sampled: bool = False, confidence: float = 0.9) -> Record:
    """A picture that was read so."""
    return Record(id_at(at, sampled), "a.png", number, "upload", "0" * 64, reading_of(number, confidence))


def label(of: Record, number: str, after: timedelta = timedelta(hours=1)) -> Record:
    """What a person says of it, so long after it was kept."""
    return Record(id_at(of.record_time + after), of.image_name, number, "hand", of.sha256, label_of=of.id)


def recounted(records: list[Record]) -> Counter[str]:
    """Some of the counts, counted in the plainest way."""
    counts: Counter[str] = Counter()
    newest = {one.label_of: one.written for one in sorted(records, key=lambda one: one.id) if one.label_of}
    for record in records:
        if record.label_of is not None:
            continue
        counts["readings"] += 1
        counts["none"] += not record.number
        if (said := newest.get(record.id)) is None:
            continue
        counts["labels"] += 1
        counts["right"] += said == record.written
        digits = digits_of(said)
        if len(digits) == len(record.number):
            counts.update(f"read {one} is {other}" for one, other in zip(record.number, digits, strict=True))
    return +counts
