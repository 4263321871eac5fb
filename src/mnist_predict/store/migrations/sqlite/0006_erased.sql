-- Ids that are never kept again. Neither names nor numbers nor hashes; the key, which its client made up, is what a
-- retry of the upload would come with.
create table erased (
  id text not null unique,
  erasure text not null,         -- UUIDv7, so in the order of time; the same for all that went together
  "by" text,
  idempotency_key text unique
);

-- Which records a picture has: they are erased together. A spool has made this index before.
create index if not exists record_by_picture on record (sha256);
