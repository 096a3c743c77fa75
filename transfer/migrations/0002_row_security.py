"""The second lock on imports, their sealed lines and their key, and on copies of records."""

from django.db import migrations

from database.operations import (
    ADMIN,
    ME,
    SELF,
    TEAM_OR_CLIENT,
    THERAPIST,
    WRITES,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

OWN = f"(therapist_id = {ME} AND {THERAPIST})"
BROUGHT = f"(by_id = {ME} AND {ADMIN})"
# What is sealed is the therapist's alone; an admin keeps the names and contacts in sight
# that they brought.
SEEN = f"""EXISTS (SELECT FROM transfer_caseloadimport i
    WHERE i.id = caseload_import_id
    AND ((i.therapist_id = {ME} AND {THERAPIST})
      OR (part IN ('directory', 'review', 'mend') AND i.by_id = {ME}
        AND {ADMIN})))"""
BEGINS = "state IN ('ready', 'reading')"

# The key of a sheet opens for whom the sheet does: asked with the reader's own rights,
# and in a function, so that a page that reads clients' keys does not plan it each time.
KEYS = """
CREATE FUNCTION app.opens_sheet(which uuid) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.transfer_importsheet WHERE id = which);
END $$;
-- By its name asked last, where `read` said no.
CREATE POLICY by_its_sheet ON accounts_datakey FOR SELECT TO cairn_web
  USING (app.opens_sheet(client_id));
"""
NO_KEYS = """
DROP POLICY by_its_sheet ON accounts_datakey;
DROP FUNCTION app.opens_sheet(uuid);
"""
# With the lines goes their key, and no other: whatever a row calls itself, a client's
# key stays.
FORGET = """
CREATE FUNCTION app.forget_sheet() RETURNS trigger LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.accounts_datakey k WHERE k.client_id = OLD.id
    AND NOT EXISTS (SELECT FROM public.clients_client c WHERE c.id = OLD.id);
  RETURN NULL;
END $$;
"""
# The worker writes it as cairn_web too, so: what came in is said once, and when is now.
STEPS = """
CREATE TRIGGER forget_sheet AFTER DELETE ON transfer_importsheet
  FOR EACH ROW EXECUTE FUNCTION app.forget_sheet();
CREATE FUNCTION app.import_is_told_once() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'an import says once what came in';
END $$;
CREATE TRIGGER told_once BEFORE UPDATE ON transfer_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND (OLD.people IS DISTINCT FROM NEW.people
      OR OLD.sessions IS DISTINCT FROM NEW.sessions
      OR OLD.goals IS DISTINCT FROM NEW.goals
      OR OLD.finished_at IS DISTINCT FROM NEW.finished_at)
    AND (OLD.finished_at IS NOT NULL OR NEW.finished_at IS NULL
      OR NEW.finished_at < transaction_timestamp()
      OR NEW.finished_at > clock_timestamp()))
  EXECUTE FUNCTION app.import_is_told_once();
CREATE TRIGGER undone_within_a_day BEFORE UPDATE ON transfer_caseloadimport
  FOR EACH ROW WHEN (current_user = 'cairn_web'
    AND NEW.state = 'undoing' AND OLD.state <> 'undoing'
    AND (OLD.state <> 'done' OR OLD.finished_at IS NULL
      OR OLD.finished_at < clock_timestamp() - interval '1 day'))
  EXECUTE FUNCTION app.import_is_told_once();
"""
NO_STEPS = """
DROP TRIGGER forget_sheet ON transfer_importsheet;
DROP TRIGGER undone_within_a_day ON transfer_caseloadimport;
DROP TRIGGER told_once ON transfer_caseloadimport;
DROP FUNCTION app.import_is_told_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfer", "0001_initial"),
        ("clients", "0002_row_security"),
    ]

    operations = [
        SecureRows(
            "caseloadimport",
            read=f"{OWN} OR {BROUGHT}",
            insert=f"by_id = {ME} AND {BEGINS} AND"
            f" ({OWN} OR ({ADMIN} AND app.treats_here(therapist_id)))",
            update=Update(
                ["state", "columns", "date_order", "leaves_out", "refusal", "claim",
                 "lease_until", "attempts", "percent", "people", "sessions", "goals",
                 "finished_at"],
                f"by_id = {ME} AND ({OWN} OR {BROUGHT})",
            ),
            also=[
                # The worker: whose turn it is and how far it is, never a line.
                Policy(
                    "worker", "ALL", "cairn_worker",
                    rights={
                        "SELECT": ["id", "by", "state", "made_at", "claim",
                                   "lease_until", "attempts"],
                        "UPDATE": ["state", "claim", "lease_until", "attempts",
                                   "percent", "refusal"],
                    },
                )
            ],
        ),
        # Whoever sees lines may take them away.
        SecureRows(
            "importsheet",
            read=SEEN,
            insert="EXISTS (SELECT FROM transfer_caseloadimport i"
            f" WHERE i.id = caseload_import_id AND i.by_id = {ME} AND i.{BEGINS})",
            delete=SEEN,
            also=[
                Policy(
                    "sweep", "ALL", "cairn_worker",
                    rights={"SELECT": ["id", "caseload_import", "made_at"], "DELETE": []},
                )
            ],
        ),
        # Nobody's but theirs who asked, for as long as the record is theirs to read.
        SecureRows(
            "recordexport",
            read=f"by_id = {ME} AND {TEAM_OR_CLIENT}",
            insert=f"by_id = {ME} AND state = 'waiting' AND ({WRITES} OR {SELF})",
            update=Update(["state", "ready_at", "archive"], f"by_id = {ME}"),
            also=[
                # The worker: whose turn it is and what has lain for a day, never a byte.
                Policy(
                    "worker", "ALL", "cairn_worker",
                    rights={
                        "SELECT": ["id", "by", "asked_at", "state", "attempts",
                                   "ready_at"],
                        "UPDATE": ["state", "attempts", "archive"],
                    },
                )
            ],
        ),
        migrations.RunSQL(KEYS, NO_KEYS),
        AclFunctions(FORGET, may={"app.forget_sheet()": "cairn_owner"}),
        migrations.RunSQL(STEPS, NO_STEPS),
    ]  # fmt: skip
