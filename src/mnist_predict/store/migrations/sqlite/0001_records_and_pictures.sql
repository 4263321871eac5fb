-- Pictures by content, once. Ids and hashes are text, so that a person can read them with any SQLite tool.
create table picture (
  sha256 text not null unique,
  bytes blob not null
);

-- Append-only. No foreign keys: this file is also the spool of a store that is away, so a label may name
-- a record, and a record a picture, that are kept there.
create table record (
  id text not null unique,       -- UUIDv7, so in the order of time
  image_name text not null,
  number text not null,
  source text not null,          -- upload, hand
  sha256 text,
  reading text,                  -- JSON
  label_of text,
  idempotency_key text unique
);

create index record_by_image_name on record (image_name, id) where sha256 is not null and label_of is null;
create index record_by_label on record (label_of, id) where label_of is not null;

-- What the check for writability overwrites: about as much as a picture, as a full disk may still have room for less.
create table pulse (beat blob not null);
insert into pulse values (randomblob(65536));
