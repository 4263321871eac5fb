-- Readings that a person should look at (store/reasons.py), until a label says what their number is. "holder" has one to
-- look at, until "held_until" (seconds since 1970).
create table review (
  id text primary key not null,
  number text not null,
  holder text,
  held_until real not null default 0
) without rowid;

create index review_by_digit on review (number, id) where length(number) = 1;

-- Wherever a label comes from, and whatever takes a record out.
create trigger review_ends_with_label after insert on record when new.label_of is not null begin
  delete from review where id = new.label_of or id in (select kept from merged where id = new.label_of);
end;

create trigger review_ends_with_merged_label after insert on merged
when exists (select 1 from record where label_of = new.id) begin
  delete from review where id = new.kept;
end;

create trigger review_ends_with_record after delete on record begin
  delete from review where id = old.id;
end;

-- What is kept already. `needs_review` is a function of this program.
insert into review (id, number)
  select id, number from record
  where source = 'upload' and sha256 is not null and reading is not null and needs_review(id, reading)
    and not exists (select 1 from record as label where label.label_of = record.id)
    and not exists (select 1 from merged join record as label on label.label_of = merged.id where merged.kept = record.id);
