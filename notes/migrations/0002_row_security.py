"""The second lock on notes and what hangs on them; a signed note never changes.

A draft whose author may no longer write is taken over, and their words are kept: one
function copies the note as it is, still sealed for the note's own row, and changes only
whose it is.  So nobody writes other words in a colleague's name, or none.
"""

from django.db import migrations

from database.operations import (
    ME,
    READS,
    SELF,
    TEAM_OR_CLIENT,
    WRITES,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

NOW = "statement_timestamp()"

# The client does not see the hold itself, so whether there is one is asked as cairn_acl.
HELD = """
CREATE FUNCTION app.is_held(note uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.notes_notehold
    WHERE note_id = note AND (until IS NULL OR until > clock_timestamp())) $$;
"""
TAKE_OVER = """
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
"""
# An admin counts what waits for each client whom somebody leads, and sees none of it.
# A signature that can still be undone is none yet.
WAITS = """
-- What waits for each client whom somebody leads: numbers alone, and for admins alone.
CREATE FUNCTION app.caseload_counts(leaver uuid)
  RETURNS TABLE (client_id uuid, sessions bigint, drafts bigint, proposals bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.id,
    (SELECT count(*) FROM public.appointments_therapysession s WHERE s.client_id = c.id
      AND s.therapist_id = leaver AND s.state = 'planned' AND s.ends_at > clock_timestamp()),
    (SELECT count(*) FROM public.notes_progressnote n WHERE n.client_id = c.id
      AND n.author_id = leaver
      AND (n.signed_at IS NULL OR n.signed_at > clock_timestamp())),
    (SELECT count(*) FROM public.goals_goal g
      JOIN public.goals_goalversion v ON v.id = g.latest_id WHERE g.client_id = c.id
      AND g.closed_at IS NULL AND v.side = 'client'
      AND g.in_force_id IS DISTINCT FROM g.latest_id)
  FROM public.clients_client c
  WHERE c.practice_id = app.practice() AND app.is_admin()
    AND EXISTS (SELECT FROM public.clients_carerole r WHERE r.client_id = c.id
      AND r.user_id = leaver AND r.kind = 'primary'
      AND (r.ends_at IS NULL OR r.ends_at > greatest(r.starts_at, clock_timestamp()))) $$;
"""
# Its author may undo a signature for ten seconds, and changes nothing else by that.
# By the clock when the row is locked: whoever waited for it until too late is too late.
UNDOES = """OLD.signed_at > clock_timestamp() AND OLD.author_id = app.user_id()
  AND NEW.signed_at IS NULL AND NEW.content_hash = ''
  AND to_jsonb(NEW) - 'signed_at' - 'content_hash'
    = to_jsonb(OLD) - 'signed_at' - 'content_hash'"""


class Migration(migrations.Migration):
    dependencies = [
        ("notes", "0001_initial"),
        ("goals", "0002_row_security"),
    ]

    operations = [
        AclFunctions(
            HELD,
            may={"app.is_held(uuid)": "cairn_web"},
            rights={"notes_notehold": ["SELECT (note_id, until)"]},
        ),
        SecureRows("sessiongoal", read=TEAM_OR_CLIENT, insert=WRITES),
        # A web login begins a note unsigned and signs for the next ten seconds only: no
        # date of its own choice (eleven, for the time between reading the clock and
        # writing).  The demo's notes of half a year are written signed, by the owner, who
        # answers no request.
        SecureRows(
            "progressnote",
            read=f"{READS}"
            f" OR ({SELF} AND signed_at <= {NOW} AND NOT app.is_held(id))",
            insert=f"{WRITES} AND author_id = {ME} AND begun_by_id IS NULL"
            " AND signed_at IS NULL AND content_hash = ''",
            update=Update(
                ["format", "body", "revision", "saved_at", "signed_at", "content_hash"],
                f"{WRITES} AND author_id = {ME}"
                f" AND (signed_at IS NULL OR signed_at > {NOW})",
                f"{WRITES} AND author_id = {ME} AND (signed_at IS NULL"
                f" OR signed_at BETWEEN {NOW} AND {NOW} + interval '11 seconds')",
            ),
            never_changes="OLD.signed_at IS NOT NULL",
            but=UNDOES,
            also=[
                Policy("operator_seeds", "INSERT", "cairn_owner"),
                Policy(
                    "acl_takes_over", "UPDATE", "cairn_acl", "signed_at IS NULL",
                    rights={"UPDATE": ["author", "begun_by", "begun_at", "revision"]},
                ),
            ],
        ),
        SecureRows(
            "notehold",
            read=READS,
            insert=f"{WRITES} AND by_id = {ME}",
            update=Update(["until"], WRITES),
        ),
        # The note's own policies decide which notes the client sees here.
        SecureRows(
            "noteaddition",
            read=f"{READS} OR ({SELF}"
            " AND EXISTS (SELECT FROM notes_progressnote n WHERE n.id = note_id))",
            insert=f"{WRITES} AND by_id = {ME} AND EXISTS"
            " (SELECT FROM notes_progressnote n WHERE n.id = note_id"
            " AND n.signed_at <= clock_timestamp())",
            append_only=True,
        ),
        SecureRows(
            "earlierdraft",
            read=WRITES,
            insert=None,
            append_only=True,
            also=[Policy("acl_copies", "INSERT", "cairn_acl", rights={"INSERT": []})],
        ),
        AclFunctions(
            TAKE_OVER,
            may={
                "app.still_writes(uuid, uuid)": "cairn_web",
                "app.take_over_note(uuid, uuid, bigint, boolean, uuid)": "cairn_web",
            },
            rights={
                "notes_progressnote": [
                    "SELECT (id, practice_id, client_id, author_id, format, body,"
                    " revision, saved_at, signed_at, begun_by_id)"
                ]
            },
        ),
        AclFunctions(
            WAITS,
            may={"app.caseload_counts(uuid)": "cairn_web"},
            rights={
                "goals_goal": ["SELECT (id, client_id, closed_at, in_force_id, latest_id)"],
                "goals_goalversion": ["SELECT (id, side)"],
            },
        ),
    ]  # fmt: skip
