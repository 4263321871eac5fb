"""What people say of a record, as labels to append: nothing that was said is changed or removed."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from mnist_predict.errors import BadRequest, NotFound
from mnist_predict.store.ids import new_id
from mnist_predict.store.protocol import Store
from mnist_predict.store.record import Record

MOST_LABELS = 1000  # of a record, those taken back too: all are looked at whenever one is added or shown


def new_label(store: Store, of: Record, written: str, by: str | None, of_number: int | None = None) -> Record:
    """A label that says what a record's number is, newer than all others; `of_number`: by index; None: the primary one.

    Raises `NotFound` where there is no such number, `BadRequest` beyond `MOST_LABELS`, and `StoreUnavailable`.
    """
    if of_number is not None:
        if of.reading is None or not 0 <= of_number < len(of.reading.numbers):
            raise NotFound(f"Record {of.id} has no number {of_number}.")
        of_number = None if of_number == of.reading.primary else of_number
    history = store.label_history(of.id)
    _check_room(history)
    newest = next(iter(history), of)
    own = new_id(after=newest.id)
    return Record(own, of.image_name, written, "hand", of.sha256, label_of=of.id, by=by, of_number=of_number)


def withdrawal(store: Store, label: Record, by: str | None) -> Record:
    """A label that takes another one back; the one that is kept where that is done already.

    Raises `BadRequest` for what is no label and beyond `MOST_LABELS`, and `StoreUnavailable`.
    """
    if label.label_of is None or label.withdraws is not None:
        raise BadRequest(f"Record {label.id} is no label, so it cannot be withdrawn.")
    history = store.label_history(label.label_of)
    for one in history:
        if one.withdraws == label.id:
            return one
    _check_room(history)
    # In a later millisecond than all others: stores order what is said of a record by the time of ids.
    newest = max((one.id for one in history), default=label.id)
    own = new_id(after=UUID(int=newest.int | (1 << 80) - 1))
    return replace(label, id=own, by=by, key=None, withdraws=label.id)


def _check_room(history: Sequence[Record]) -> None:
    if len(history) >= MOST_LABELS:
        raise BadRequest(f"This record has {MOST_LABELS} labels, and no more are kept. Upload the picture again.")
