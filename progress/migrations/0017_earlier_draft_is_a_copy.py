"""An earlier draft is copied by PostgreSQL when a note is taken over.

Before, the web wrote it and then took the note over: by SQL it could write other words
in a colleague's name, or none.  Now one function copies the note as it is, still sealed
for the note's own row, and changes only whose it is.
"""

from django.db import migrations

TABLE = "progress_earlierdraft"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
ME = "(SELECT app.user_id())"
COPIES = f"""
DROP POLICY write ON {TABLE};
REVOKE INSERT ON {TABLE} FROM cairn_web;
GRANT INSERT ON {TABLE} TO cairn_acl;
CREATE POLICY acl_copies ON {TABLE} FOR INSERT TO cairn_acl WITH CHECK (true);
GRANT SELECT (practice_id, format, body, saved_at) ON progress_progressnote
  TO cairn_acl;
DROP FUNCTION app.take_over_note(uuid, uuid, bigint, boolean);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
-- By whoever writes for the client, from an author who no longer does, as it was read;
-- `copy` becomes the key of the earlier draft.
CREATE FUNCTION app.take_over_note(which uuid, whose uuid, base bigint, anew boolean,
    copy uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n record;
BEGIN
  SELECT id, practice_id, client_id, author_id, format, body, saved_at INTO n
    FROM public.progress_progressnote
    WHERE id = which AND author_id = whose AND revision = base AND signed_at IS NULL
      AND client_id = ANY (app.writes()) AND NOT app.still_writes(whose, client_id)
    FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO public.progress_earlierdraft (id, practice_id, client_id, note_id,
      author_id, format, body, saved_at, by_id, at)
    VALUES (copy, n.practice_id, n.client_id, n.id, n.author_id, n.format, n.body,
      n.saved_at, app.user_id(), clock_timestamp());
  UPDATE public.progress_progressnote SET author_id = app.user_id(),
    begun_by_id = CASE WHEN anew THEN NULL ELSE coalesce(begun_by_id, author_id) END,
    begun_at = clock_timestamp(), revision = revision + 1 WHERE id = n.id;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION app.take_over_note(uuid, uuid, bigint, boolean, uuid)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.take_over_note(uuid, uuid, bigint, boolean, uuid)
  TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
WRITTEN = f"""
DROP FUNCTION app.take_over_note(uuid, uuid, bigint, boolean, uuid);
REVOKE SELECT (practice_id, format, body, saved_at) ON progress_progressnote
  FROM cairn_acl;
DROP POLICY acl_copies ON {TABLE};
REVOKE INSERT ON {TABLE} FROM cairn_acl;
GRANT INSERT ON {TABLE} TO cairn_web;
CREATE POLICY write ON {TABLE} FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND by_id = {ME}
    AND EXISTS (SELECT FROM progress_progressnote n WHERE n.id = note_id
      AND n.client_id = {TABLE}.client_id AND n.author_id = {TABLE}.author_id
      AND n.signed_at IS NULL AND NOT app.still_writes(n.author_id, n.client_id)));
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.take_over_note(which uuid, whose uuid, base bigint, anew boolean)
  RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.progress_progressnote SET author_id = app.user_id(),
    begun_by_id = CASE WHEN anew THEN NULL ELSE coalesce(begun_by_id, author_id) END,
    begun_at = clock_timestamp(), revision = revision + 1
  WHERE id = which AND author_id = whose AND revision = base AND signed_at IS NULL
    AND client_id = ANY (app.writes()) AND NOT app.still_writes(whose, client_id);
  RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION app.take_over_note(uuid, uuid, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.take_over_note(uuid, uuid, bigint, boolean)
  TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("progress", "0015_begun_unsigned")]
    operations = [migrations.RunSQL(COPIES, WRITTEN)]
