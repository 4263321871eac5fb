-- Which of a record's numbers a label is of, by its index in the reading; null: the primary one. And the label that a label
-- takes back, which then counts no more.
alter table record add column of_number integer;
alter table record add column withdraws text;
create index record_by_withdrawn on record (withdraws) where withdraws is not null;
alter table unsynced add column of_number integer;
alter table unsynced add column withdraws text;

-- The labels of primary numbers that count.
create view counting_label as
  select id, label_of, coalesce(written, number) as said from record as label
  where label_of is not null and of_number is null and withdraws is null
    and not exists (select 1 from record as later where later.withdraws = label.id);

-- What the newest of them says of each record, and of what was merged into it.
create view saying as
  select record.id as id, (
    select label.said from counting_label as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  ) as said
  from record;

drop trigger label_is_kept;
create trigger label_is_kept after insert on record when new.label_of is not null begin
  update record set said = (select said from saying where saying.id = record.id)
  where id = coalesce((select kept from merged where id = new.label_of), new.label_of);
end;

drop trigger record_has_labels;
create trigger record_has_labels after insert on record
when new.label_of is null and exists (select 1 from record where label_of = new.id) begin
  update record set said = (select said from saying where saying.id = record.id)
  where id = new.id;
end;

drop trigger label_is_removed;
create trigger label_is_removed after delete on record when old.label_of is not null begin
  update record set said = (select said from saying where saying.id = record.id)
  where id = coalesce((select kept from merged where id = old.label_of), old.label_of);
end;

drop trigger id_is_merged;
create trigger id_is_merged after insert on merged begin
  update record set said = (select said from saying where saying.id = record.id)
  where id = new.kept;
end;

-- Only labels that count end a review. That it goes on after a withdrawal is written by the program, which knows reasons.
drop trigger review_ends_with_label;
create trigger review_ends_with_label after insert on record
when new.label_of is not null and exists (select 1 from counting_label where id = new.id) begin
  delete from review where id = new.label_of or id in (select kept from merged where id = new.label_of);
end;

drop trigger review_ends_with_merged_label;
create trigger review_ends_with_merged_label after insert on merged
when exists (select 1 from counting_label where label_of = new.id) begin
  delete from review where id = new.kept;
end;
