-- What people search for, each with an index by which its records are walked along, newest first (store/search.py).

alter table record add column said text;  -- the number of its newest label; kept by the triggers below
alter table record add column confidence real as (json_extract(reading, '$.confidence'));
alter table record add column model_version text as (json_extract(reading, '$.model_version'));

-- As EDGES in store/search.py.
alter table record add column band integer as (
  case
    when confidence is null then null
    else (confidence >= 0.5) + (confidence >= 0.6) + (confidence >= 0.7) + (confidence >= 0.8) + (confidence >= 0.9)
       + (confidence >= 0.95) + (confidence >= 0.98) + (confidence >= 0.99) + (confidence >= 0.995)
       + (confidence >= 0.999)
  end
);

alter table record add column labelled text as (
  case when source = 'upload' then
    case when said is null then 'no' when said = number then 'confirmed' else 'corrected' end
  end
);

update record set said = (
  select number from record as label
  where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
  order by label.id desc limit 1
)
where id in (
  select coalesce(kept, label_of) from record left join merged on merged.id = label_of where label_of is not null
);

create index record_by_name on record (image_name, id);
create index record_by_number on record (number, id);
create index record_by_model_version on record (model_version, id) where model_version is not null;
create index record_by_band on record (band, id) where band is not null;
create index record_by_labelled on record (labelled, id) where labelled is not null;

-- A label may come before what it labels (a copy begins with the newest), and under an id that is merged later.
create trigger label_is_kept after insert on record when new.label_of is not null begin
  update record set said = (
    select number from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = coalesce((select kept from merged where id = new.label_of), new.label_of);
end;

create trigger record_has_labels after insert on record
when new.label_of is null and exists (select 1 from record where label_of = new.id) begin
  update record set said = (select number from record as label where label.label_of = new.id order by id desc limit 1)
  where id = new.id;
end;

create trigger label_is_removed after delete on record when old.label_of is not null begin
  update record set said = (
    select number from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = coalesce((select kept from merged where id = old.label_of), old.label_of);
end;

create trigger id_is_merged after insert on merged begin
  update record set said = (
    select number from record as label
    where label.label_of = record.id or label.label_of in (select id from merged where kept = record.id)
    order by label.id desc limit 1
  )
  where id = new.kept;
end;
