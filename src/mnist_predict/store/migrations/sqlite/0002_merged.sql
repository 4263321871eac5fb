-- Ids that were answered for an upload that is kept under another: a retry that reached the spool of a store that was
-- away, while its first attempt had reached the store.
create table merged (
  id text not null unique,
  kept text not null
);

create index merged_by_kept on merged (kept);
