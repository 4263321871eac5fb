-- A number as it was read or typed, with minus, point or commas: "-12", "3.65". null: the same as its digits in "number".
alter table record add column written text;

create index record_by_written on record (written, id) where written is not null;

-- What people say of an upload is from now on compared as it is written; "said" is the newest label's.
drop index record_by_labelled;
alter table record drop column labelled;
alter table record add column labelled text as (
  case when source = 'upload' then
    case when said is null then 'no' when said = coalesce(written, number) then 'confirmed' else 'corrected' end
  end
);
create index record_by_labelled on record (labelled, id) where labelled is not null;

drop trigger label_is_kept;
create trigger label_is_kept after insert on record when new.label_of is not null begin
  update record set said = (
    select coalesce(written, number) from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = coalesce((select kept from merged where id = new.label_of), new.label_of);
end;

drop trigger record_has_labels;
create trigger record_has_labels after insert on record
when new.label_of is null and exists (select 1 from record where label_of = new.id) begin
  update record set said = (
    select coalesce(written, number) from record as label where label.label_of = new.id order by id desc limit 1
  )
  where id = new.id;
end;

drop trigger label_is_removed;
create trigger label_is_removed after delete on record when old.label_of is not null begin
  update record set said = (
    select coalesce(written, number) from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = coalesce((select kept from merged where id = old.label_of), old.label_of);
end;

drop trigger id_is_merged;
create trigger id_is_merged after insert on merged begin
  update record set said = (
    select coalesce(written, number) from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = new.kept;
end;
