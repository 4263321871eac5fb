"""What searching adds to the SQLite store: what was kept before there were searches, and what it walks along."""

import sqlite3
from pathlib import Path

import pytest
from store_examples import record_of

from mnist_predict.store.ids import new_id
from mnist_predict.store.migrations import missing
from mnist_predict.store.search import Search
from mnist_predict.store.sqlite.store import SqliteStore, to_row

INSERT = 'insert into record (id, image_name, number, source, sha256, reading, label_of, idempotency_key, "by")'


def test_what_was_kept_before_there_were_searches_is_found_too(tmp_path: Path) -> None:
    records = [record_of() for _ in range(4)]
    merged = new_id()
    labels = [
        record_of(number=number, source="hand", reading=None, id=new_id(of), label_of=of)
        for number, of in (("1", records[1].id), ("77", records[2].id), ("1", merged))
    ]
    connection = sqlite3.connect(tmp_path / "kept.sqlite")
    connection.execute("create table migration (version integer primary key, name text, applied text)")
    connection.create_function("needs_review", 2, lambda *_: 0)
    for step in missing("sqlite", 0):
        if step.name.endswith("_search.sql"):
            break
        connection.executescript(step.script)
        connection.execute("insert into migration values (?, ?, '')", (step.version, step.name))
    rows = [to_row(record)[:9] for record in (*records, *labels)]  # there was no `written` yet
    connection.executemany(f"{INSERT} values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("insert into merged values (?, ?)", (str(merged), str(records[3].id)))
    connection.commit()
    connection.close()
    store = SqliteStore(tmp_path / "kept.sqlite")
    assert store.search(Search(labelled="no")).records == records[:1]
    assert store.search(Search(labelled="confirmed")).records == [records[2]]
    assert store.search(Search(labelled="corrected")).records == [records[3], records[1]]
    assert store.search(Search(least=0.9, most=0.95, model_version="v1-abc")).records == records[::-1]
    assert store.search(Search(number="1")).records == [labels[2], labels[0]]
    store.add(record_of(number="7.7", source="hand", reading=None, id=new_id(labels[1].id), label_of=records[2].id))
    assert store.search(Search(labelled="confirmed")).records == []
    store.close()


@pytest.mark.parametrize(
    "search",
    [
        Search(number="7"),
        Search(written="7.5"),
        Search(image_name="7.png"),
        Search(labelled="no"),
        Search(labelled="others"),
        Search(least=0.5),
        Search(model_version="v"),
        Search(),
        Search(number="7", model_version="v", labelled="no", least=0.7),
    ],
)
def test_a_search_walks_along_an_index_and_sorts_no_more_than_a_page(tmp_path: Path, search: Search) -> None:
    store = SqliteStore(tmp_path / "kept.sqlite")
    store.check_writable()
    asked: list[tuple[str, tuple[str | int, ...]]] = []
    read = store._read

    def noted(sql: str, *values: str | int) -> list[tuple[str, ...]]:
        asked.append((sql, values))
        return read(sql, *values)

    store._read = noted  # type: ignore[method-assign]
    store.search(search)
    store.close()
    connection = sqlite3.connect(tmp_path / "kept.sqlite")
    for sql, values in asked:
        for *_, step in connection.execute(f"explain query plan {sql}", values):
            assert not step.startswith("SCAN record"), (sql, step)
    connection.close()
