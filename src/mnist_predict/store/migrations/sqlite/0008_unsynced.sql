-- In a spool: what its store has acknowledged and may not yet have on its disks (store/spool/unsynced.py).
create table unsynced (
  id text not null unique,
  since real not null,           -- when it was acknowledged: seconds of the machine's monotonic clock
  epoch text not null,           -- the lives of the store's nodes that were known before it was written
  image_name text not null,
  number text not null,
  source text not null,
  sha256 text,
  reading text,
  label_of text,
  idempotency_key text,
  "by" text,
  written text,
  picture blob
);

-- The same of erasures. An empty epoch: it waits to be done again.
create table unsynced_erasure (
  id text not null unique,
  since real not null,
  epoch text not null,
  records text not null,         -- JSON, the ids
  "by" text
);
