"""A draft whose author may no longer write is taken over; their words are kept.

By PostgreSQL, which looks again: one function copies the note as it is, still sealed for
the note's own row, and changes only whose it is.  So nobody writes other words in a
colleague's name, or none.
"""

from django.db import migrations

ACL = """
GRANT SELECT (id, practice_id, client_id, author_id, format, body, revision, saved_at,
  signed_at, begun_by_id), UPDATE (author_id, begun_by_id, begun_at, revision)
  ON notes_progressnote TO cairn_acl;
CREATE POLICY acl ON notes_progressnote FOR SELECT TO cairn_acl USING (true);
CREATE POLICY acl_takes_over ON notes_progressnote FOR UPDATE TO cairn_acl
  USING (signed_at IS NULL) WITH CHECK (signed_at IS NULL);
REVOKE INSERT ON notes_earlierdraft FROM cairn_web;
GRANT INSERT ON notes_earlierdraft TO cairn_acl;
CREATE POLICY acl_copies ON notes_earlierdraft FOR INSERT TO cairn_acl WITH CHECK (true);
"""
NO_ACL = """
DROP POLICY acl_copies ON notes_earlierdraft;
REVOKE INSERT ON notes_earlierdraft FROM cairn_acl;
GRANT INSERT ON notes_earlierdraft TO cairn_web;
DROP POLICY acl_takes_over ON notes_progressnote;
DROP POLICY acl ON notes_progressnote;
REVOKE SELECT (id, practice_id, client_id, author_id, format, body, revision, saved_at,
  signed_at, begun_by_id), UPDATE (author_id, begun_by_id, begun_at, revision)
  ON notes_progressnote FROM cairn_acl;
"""
FUNCTIONS = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.still_writes(who uuid, whom uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_user u
    JOIN public.clients_carerole r ON r.user_id = u.id
    WHERE u.id = who AND u.is_active AND u.is_therapist AND r.client_id = whom
      AND r.kind IN ('primary', 'co_therapist', 'cover')
      AND r.starts_at <= clock_timestamp()
      AND (r.ends_at IS NULL OR r.ends_at > clock_timestamp())) $$;
-- By whoever writes for the client, from an author who no longer does, as it was read;
-- `copy` becomes the key of the earlier draft.
CREATE FUNCTION app.take_over_note(which uuid, whose uuid, base bigint, anew boolean,
    copy uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  n record;
BEGIN
  SELECT id, practice_id, client_id, author_id, format, body, saved_at INTO n
    FROM public.notes_progressnote
    WHERE id = which AND author_id = whose AND revision = base AND signed_at IS NULL
      AND client_id = ANY (app.writes()) AND NOT app.still_writes(whose, client_id)
    FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO public.notes_earlierdraft (id, practice_id, client_id, note_id,
      author_id, format, body, saved_at, by_id, at)
    VALUES (copy, n.practice_id, n.client_id, n.id, n.author_id, n.format, n.body,
      n.saved_at, app.user_id(), clock_timestamp());
  UPDATE public.notes_progressnote SET author_id = app.user_id(),
    begun_by_id = CASE WHEN anew THEN NULL ELSE coalesce(begun_by_id, author_id) END,
    begun_at = clock_timestamp(), revision = revision + 1 WHERE id = n.id;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION app.still_writes(uuid, uuid),
  app.take_over_note(uuid, uuid, bigint, boolean, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.still_writes(uuid, uuid),
  app.take_over_note(uuid, uuid, bigint, boolean, uuid) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
NO_FUNCTIONS = """
DROP FUNCTION app.take_over_note(uuid, uuid, bigint, boolean, uuid);
DROP FUNCTION app.still_writes(uuid, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("notes", "0002_row_security")]

    operations = [
        migrations.RunSQL(ACL, NO_ACL),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
    ]
