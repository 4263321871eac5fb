-- Model versions, each a zip file of its folder. "about" is JSON: how it was learned and measured.
create table model_version (
  name text not null unique,
  id text not null,              -- UUIDv7, so in the order of time
  about text not null,
  sha256 text not null,          -- of the bytes
  bytes blob not null
);

-- Which version has which alias. Append-only; the newest of an alias holds.
create table model_alias (
  id text not null unique,
  alias text not null,           -- champion, candidate
  version text not null,
  replaced text,
  reason text not null,
  "by" text,
  forced integer not null
);
