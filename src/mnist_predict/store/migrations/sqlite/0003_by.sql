-- Who sent a record or a label: the name of their token.
alter table record add column "by" text;
