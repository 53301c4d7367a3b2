/*
key: id
version: version
*/
select id, text, version, created_at from note
