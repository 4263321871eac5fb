"""Records -> counts. Counts are additive: the sum of the counts of two sets of records is the count of their union.

A label counts for the day of the record that it labels. A later label takes back what the label before it counted, so
that only the newest one matters.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from mnist_predict.reading import digits_of
from mnist_predict.store.ids import in_sample
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record, standing

BINS = 20  # of confidence, each 0.05 wide
Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A digit that a person corrected: its position in the number, what was read, what the label says."""

    record: UUID
    at: int  # which digit of the number, from 0
    read: int
    said: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of some records, by (day on which they were stored, day that they count for); and the wrong digits of
    each labelled record, by its newest label."""

    counts: dict[tuple[date, date], Counts]
    mistakes: dict[UUID, list[Mistake]]


def day_of(record_id: UUID) -> date:
    """The day, UTC, of an id's time."""
    return datetime.fromtimestamp((record_id.int >> 80) / 1000, UTC).date()


def bin_of(confidence: float) -> int:
    """The bin of a confidence."""
    return min(BINS - 1, int(confidence * BINS))


def add(to: Counts, counts: Mapping[str, float], sign: int = 1) -> None:
    """Add counts to others, or subtract them (`sign` -1)."""
    for name, count in counts.items():
        to[name] = to.get(name, 0) + sign * count


def tally(records: Iterable[Record], store: Store) -> Tally:
    """The counts of records. Asks the store once for each labelled record and its other labels.

    Raises `StoreUnavailable`.
    """
    counts: dict[tuple[date, date], Counts] = defaultdict(dict)
    mistakes: dict[UUID, list[Mistake]] = {}
    labels: dict[UUID, list[Record]] = defaultdict(list)
    for record in records:
        day = day_of(record.id)
        if record.label_of is None:
            add(counts[day, day], of_reading(record))
        else:
            labels[record.label_of].append(record)
    for labelled, some in labels.items():
        read = store.get(labelled)
        if read is None or read.reading is None:
            continue
        history = {label.id: label for label in (*some, *store.label_history(read.id))}
        before, after = _newest_at_each(history.values())
        for label in some:
            part = counts[day_of(label.id), day_of(read.id)]
            if label.of_number is None:
                for newest, sign in ((after[label.id], 1), (before[label.id], -1)):
                    if newest is not None:
                        add(part, of_label(read, newest.written), sign)
            if label.withdraws is None:
                add(part, of_person(label, before[label.id]))
            elif label.withdraws in history:
                add(part, of_person(history[label.withdraws], before[label.withdraws]), -1)
        if any(label.of_number is None for label in some):
            now = next(iter(standing(sorted(history.values(), key=lambda one: one.id, reverse=True))), None)
            mistakes[read.id] = list(_mistakes(read, now.written)) if now else []
    return Tally(dict(counts), mistakes)


def _newest_at_each(labels: Iterable[Record]) -> tuple[dict[UUID, Record | None], dict[UUID, Record | None]]:
    """The newest label of the same number that counted just before each label of a record, and just after it."""
    before: dict[UUID, Record | None] = {}
    after: dict[UUID, Record | None] = {}
    counting: dict[int | None, list[Record]] = defaultdict(list)
    withdrawn: set[UUID | None] = set()
    for label in sorted(labels, key=lambda one: one.id):
        same = counting[label.of_number]
        before[label.id] = _last(same, withdrawn)
        withdrawn.add(label.withdraws)
        if label.withdraws is None:
            same.append(label)
        after[label.id] = _last(same, withdrawn)
    return before, after


def _last(labels: list[Record], withdrawn: Container[UUID | None]) -> Record | None:
    """The last one that is not withdrawn; those after it are dropped."""
    while labels and labels[-1].id in withdrawn:
        labels.pop()
    return labels[-1] if labels else None


def of_reading(record: Record) -> Counts:
    """The counts of an upload; none without a reading (recorded by hand, or by the project's first version)."""
    reading = record.reading
    if reading is None:
        return {}
    counts: Counts = {"readings": 1}
    if in_sample(record.id):
        counts["sampled"] = 1
    number = reading.primary_number
    if number is None:
        return counts | {"none": 1}
    boxes = [digit.box for digit in number.digits if digit.box.h > 0]
    return counts | {
        "confidence": number.confidence,
        f"confidence {bin_of(number.confidence)}": 1,
        "digits": len(number.text),
        "boxes": len(boxes),
        "height": sum(box.h for box in boxes),
        "aspect": sum(box.w / box.h for box in boxes),
    }


def of_label(read: Record, said: str) -> Counts:
    """The counts of a label that says `said`, as it is written, of a record.

    Digits are compared with digits, so that of 3.65 read as 365 only the point is wrong ("marks").
    """
    right = int(said == read.written)
    counts: Counts = {"labels": 1, "right": right}
    if in_sample(read.id):
        counts |= {"checked": 1, "right of checked": right}
        if read.reading is not None:
            version = read.reading.model_version
            counts |= {f"checked by {version}": 1, f"right by {version}": right}
            if read.reading.primary_number is not None:  # that there is none is said without a confidence
                at, sure = bin_of(read.reading.confidence), read.reading.confidence
                counts |= {f"checked at {at}": 1, f"right at {at}": right, f"sure at {at}": sure}
    digits = digits_of(said)
    if len(read.number) == len(digits):
        for one, other in zip(read.number, digits, strict=True):
            add(counts, {f"read {one} is {other}": 1})
        if read.number == digits and not right:
            counts["marks"] = 1
    elif not read.number:
        counts["missed"] = 1
    elif not digits:
        counts["invented"] = 1
    else:
        counts["too many" if len(read.number) > len(digits) else "too few"] = 1
    return counts


def of_person(label: Record, before: Record | None) -> Counts:
    """The counts of who gave a label, and whether they agree with somebody else who did before."""
    counts: Counts = {f"by {label.by or ''}": 1}
    if before is not None and label.by is not None and before.by not in (None, label.by):
        counts |= {"twice": 1, "agreed": int(label.written == before.written)}
    return counts


def _mistakes(read: Record, said: str) -> Iterable[Mistake]:
    digits = digits_of(said)
    if len(read.number) == len(digits):
        for at, (one, other) in enumerate(zip(read.number, digits, strict=True)):
            if one != other:
                yield Mistake(read.id, at, int(one), int(other))
