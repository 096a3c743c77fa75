-- Creates a database for Cairn.  Run as PostgreSQL's superuser, after roles.sql:
--   psql -v name=cairn -f database.sql
CREATE DATABASE :"name" OWNER cairn_owner ENCODING 'UTF8' TEMPLATE template0;
-- Only listed roles may connect, not PUBLIC.
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO cairn_owner, cairn_web, cairn_worker, cairn_backup;
