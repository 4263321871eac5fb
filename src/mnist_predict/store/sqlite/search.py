"""Searching a SQLite store: along the index of what is searched for, newest first (see search.py)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from mnist_predict.store.search import LOOK, OTHERS, Counted, Search, fold

COUNTED = 100_000  # records that are counted at most: some ten milliseconds

Read = Callable[..., list[Any]]
Condition = tuple[str, str | float]


def find(read: Read, columns: str, search: Search, before: UUID | None, limit: int) -> tuple[list[Any], UUID | None]:
    """Rows of at most so many records, and how far was looked; None: until the end."""
    walks, others = _walks(search), _conditions(search)
    first, end, looked = str(search.first), str(search.end(before)), None
    if search.asked and not search.exact:
        far = "select id from record {} and id >= ? and id < ? order by id desc limit 1 offset ?"
        ends = [read(far.format(walk), value, first, end, LOOK - 1) for walk, value in walks]
        looked = max((rows[0][0] for rows in ends if rows), default=None)
    rest = "".join(f" and {condition}" for condition, _ in others)
    values = [value for _, value in others]
    parts, bound = [], []
    for walk, value in walks:
        select = f"select {columns} from record {walk} and id >= ? and id < ?{rest} order by id desc limit ?"  # noqa: S608
        parts.append(f"select * from ({select})")  # noqa: S608
        bound += [value, looked or first, end, *values, limit]
    rows = read(" union all ".join(parts) + " order by id desc limit ?", *bound, limit) if parts else []
    return rows, UUID(looked) if looked else None


def _walks(search: Search) -> list[Condition]:
    """The indexes to walk along, the rarest that is asked for, as `search.terms_to_scan`; or all records."""
    if search.image_name is not None:
        return [("indexed by record_by_name where image_name = ?", search.image_name)]
    if search.written is not None:
        return [("indexed by record_by_written where written = ?", search.written)]
    if search.number is not None:
        return [("indexed by record_by_number where number = ?", search.number)]
    if search.labelled == OTHERS:
        return [("indexed by record_of_others where of_number is not null and ?", 1)]
    if search.labelled in ("confirmed", "corrected"):
        return [("indexed by record_by_labelled where labelled = ?", search.labelled)]
    if search.by_confidence:
        return [("indexed by record_by_band where band = ?", band) for band in search.bands]
    if search.model_version is not None:
        return [("indexed by record_by_model_version where model_version = ?", search.model_version)]
    if search.labelled is not None:
        return [("indexed by record_by_labelled where labelled = ?", search.labelled)]
    return [("where ?", 1)]


def _conditions(search: Search) -> list[Condition]:
    """All that is asked for, times aside."""
    asked = {
        "image_name = ?": search.image_name,
        "number = ?": search.number,
        "written = ?": search.written,
        "labelled = ?": None if search.labelled == OTHERS else search.labelled,
        "of_number is not null and ?": 1 if search.labelled == OTHERS else None,
        "confidence >= ?": search.least,
        "confidence < ?": search.most,
        "model_version = ?": search.model_version,
    }
    conditions: list[Condition] = [(condition, value) for condition, value in asked.items() if value is not None]
    if search.name_part is not None:
        conditions.append(("instr(lower(image_name), ?) > 0", fold(search.name_part)))
    return conditions


def count(read: Read, search: Search) -> Counted:
    """How many records an exact search finds, labels aside, up to `COUNTED`.

    Indexes alone tell how many there are with labels. The rows of labels are short: they hold no reading.
    """
    bounds = str(search.first), str(search.end(None))
    walked = [f"select 1 from record {walk} and id >= ? and id < ?" for walk, _ in _walks(search)]  # noqa: S608
    if not walked:
        return Counted(0)
    values = [each for _, value in _walks(search) for each in (value, *bounds)]
    select = "select count(*) from ({} limit ?)"
    [[records]] = read(select.format(" union all ".join(walked)), *values, COUNTED + 1)
    conditions = _conditions(search)
    labels = " and ".join(["label_of is not null and id >= ? and id < ?", *(condition for condition, _ in conditions)])
    values = [*bounds, *(value for _, value in conditions)]
    [[labels]] = read(select.format(f"select 1 from record where {labels}"), *values, COUNTED + 1)  # noqa: S608
    more = records > COUNTED or labels > COUNTED
    return Counted(max(0, min(records, COUNTED) - min(labels, COUNTED)), more)
