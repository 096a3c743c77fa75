"""A caseload brought in from a file: sealed lines, whose they are, and their key."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

ME = "(SELECT app.user_id())"
OWN = f"(therapist_id = {ME} AND (SELECT app.is_therapist()))"
BROUGHT = f"(by_id = {ME} AND (SELECT app.is_admin()))"
SEEN = f"""EXISTS (SELECT FROM progress_caseloadimport i
    WHERE i.id = caseload_import_id
    AND ((i.therapist_id = {ME} AND (SELECT app.is_therapist()))
      OR (part = 'directory' AND i.by_id = {ME} AND (SELECT app.is_admin()))))"""
ON = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
    f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
    f" USING (practice_id = (SELECT app.practice()));"
    f"REVOKE UPDATE, DELETE ON {table} FROM cairn_web;"
    for table in ("progress_caseloadimport", "progress_importsheet")
)
OFF = "".join(
    f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
    f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    for table in ("progress_caseloadimport", "progress_importsheet")
)
POLICIES = f"""
CREATE POLICY read ON progress_caseloadimport FOR SELECT TO cairn_web
  USING ({OWN} OR {BROUGHT});
CREATE POLICY begin ON progress_caseloadimport FOR INSERT TO cairn_web
  WITH CHECK (by_id = {ME} AND state = 'ready' AND ({OWN}
    OR ((SELECT app.is_admin()) AND app.treats_here(therapist_id))));
CREATE POLICY go_on ON progress_caseloadimport FOR UPDATE TO cairn_web
  USING (by_id = {ME} AND ({OWN} OR {BROUGHT}));
GRANT UPDATE (state, columns, date_order, leaves_out, claim, lease_until, attempts,
  percent, people, sessions, goals, finished_at) ON progress_caseloadimport TO cairn_web;
-- The worker: whose turn it is and how far it is, never a line.
CREATE POLICY worker ON progress_caseloadimport TO cairn_worker USING (true);
GRANT SELECT (id, by_id, state, made_at, claim, lease_until, attempts),
  UPDATE (state, claim, lease_until, attempts, percent)
  ON progress_caseloadimport TO cairn_worker;

-- What is sealed is the therapist's alone; an admin keeps the names and contacts in
-- sight that they brought.  Whoever sees lines may take them away.
CREATE POLICY read ON progress_importsheet FOR SELECT TO cairn_web USING ({SEEN});
CREATE POLICY bring ON progress_importsheet FOR INSERT TO cairn_web
  WITH CHECK (EXISTS (SELECT FROM progress_caseloadimport i
    WHERE i.id = caseload_import_id AND i.by_id = {ME} AND i.state = 'ready'));
CREATE POLICY take_away ON progress_importsheet FOR DELETE TO cairn_web
  USING ({SEEN});
GRANT DELETE ON progress_importsheet TO cairn_web;
CREATE POLICY sweep ON progress_importsheet TO cairn_worker USING (true);
GRANT SELECT (id, caseload_import_id, made_at), DELETE ON progress_importsheet
  TO cairn_worker;

"""

# The key of a sheet opens for whom the sheet does: asked with the reader's own rights,
# and in a function, so that a page that reads clients' keys does not plan it each time.
KEYS = """
CREATE FUNCTION app.opens_sheet(which uuid) RETURNS boolean LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM public.progress_importsheet WHERE id = which);
END $$;
-- By its name asked last, where `read` said no.
CREATE POLICY by_its_sheet ON accounts_datakey FOR SELECT TO cairn_web
  USING (app.opens_sheet(client_id));
"""

# With the lines goes their key, and no other: whatever a row calls itself, a client's
# key stays.
FORGET = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.forget_sheet() RETURNS trigger LANGUAGE plpgsql VOLATILE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM public.accounts_datakey k WHERE k.client_id = OLD.id
    AND NOT EXISTS (SELECT FROM public.clients_client c WHERE c.id = OLD.id);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.forget_sheet() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.forget_sheet() TO cairn_owner;  -- to make the trigger
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
CREATE TRIGGER forget_sheet AFTER DELETE ON progress_importsheet
  FOR EACH ROW EXECUTE FUNCTION app.forget_sheet();
"""
FORGET_NOT = """
DROP TRIGGER forget_sheet ON progress_importsheet;
DROP FUNCTION app.forget_sheet();
"""
NO_KEYS = """
DROP POLICY by_its_sheet ON accounts_datakey;
DROP FUNCTION app.opens_sheet(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("progress", "0004_wins"),
        ("clients", "0005_strengths"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseloadImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=database.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "Waits to be looked at"),
                            ("waiting", "Waits for its turn"),
                            ("running", "Is being brought in"),
                            ("failed", "Did not come in"),
                            ("done", "Is in"),
                            ("dropped", "Left out"),
                        ],
                        default="ready",
                        max_length=8,
                    ),
                ),
                ("columns", models.JSONField(default=list)),
                (
                    "date_order",
                    models.CharField(
                        blank=True,
                        choices=[("day", "3 February"), ("month", "2 March")],
                        max_length=5,
                    ),
                ),
                ("leaves_out", models.BooleanField(default=False)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("people", models.PositiveIntegerField(default=0)),
                ("sessions", models.PositiveIntegerField(default=0)),
                ("goals", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
                (
                    "therapist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportSheet",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=database.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("directory", "Names and contacts"),
                            ("sealed", "All else"),
                        ],
                        max_length=9,
                    ),
                ),
                ("body", accounts.encryption.EncryptedTextField()),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "caseload_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sheets",
                        to="progress.caseloadimport",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="caseloadimport",
            index=models.Index(
                fields=["therapist", "-made_at"], name="import_by_therapist"
            ),
        ),
        migrations.AddIndex(
            model_name="caseloadimport",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["made_at"],
                name="import_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="importsheet",
            constraint=models.UniqueConstraint(
                fields=("caseload_import", "part"), name="import_sheet_once"
            ),
        ),
        migrations.RunSQL([ON, POLICIES], OFF),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(FORGET, FORGET_NOT),
    ]
