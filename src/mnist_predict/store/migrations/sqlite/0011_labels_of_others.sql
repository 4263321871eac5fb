-- The labels of other numbers of a picture than its primary one, to search for them.
create index record_of_others on record (id) where of_number is not null;
