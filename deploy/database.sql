-- One database of Cairn's.  As PostgreSQL's superuser, after roles.sql:
--   psql -v name=cairn -f database.sql
CREATE DATABASE :"name" OWNER cairn_owner ENCODING 'UTF8' TEMPLATE template0;
-- Who may connect is a list of names, not everybody.
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO cairn_owner, cairn_web, cairn_worker, cairn_backup;
