"""A draft whose author may no longer write is taken over; their words are kept."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import accounts.encryption
import database.ids

TABLE = "progress_earlierdraft"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
ME = "(SELECT app.user_id())"
DOORS = f"""
GRANT SELECT (revision, begun_by_id),
  UPDATE (author_id, begun_by_id, begun_at, revision) ON progress_progressnote
  TO cairn_acl;
CREATE POLICY acl_takes_over ON progress_progressnote FOR UPDATE TO cairn_acl
  USING (signed_at IS NULL) WITH CHECK (signed_at IS NULL);
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
-- By whoever writes for the client, from an author who no longer does, as it was read.
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
REVOKE ALL ON FUNCTION app.still_writes(uuid, uuid),
  app.take_over_note(uuid, uuid, bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.still_writes(uuid, uuid),
  app.take_over_note(uuid, uuid, bigint, boolean) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
CREATE POLICY write ON {TABLE} FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND by_id = {ME}
    AND EXISTS (SELECT FROM progress_progressnote n WHERE n.id = note_id
      AND n.client_id = {TABLE}.client_id AND n.author_id = {TABLE}.author_id
      AND n.signed_at IS NULL AND NOT app.still_writes(n.author_id, n.client_id)));
DROP POLICY write ON progress_progressnote;
CREATE POLICY write ON progress_progressnote FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND author_id = {ME} AND begun_by_id IS NULL);
"""
NO_DOORS = f"""
DROP POLICY write ON progress_progressnote;
CREATE POLICY write ON progress_progressnote FOR INSERT TO cairn_web
  WITH CHECK ({WRITES} AND author_id = {ME});
DROP POLICY write ON {TABLE};
DROP FUNCTION app.take_over_note(uuid, uuid, bigint, boolean);
DROP FUNCTION app.still_writes(uuid, uuid);
DROP POLICY acl_takes_over ON progress_progressnote;
REVOKE UPDATE (author_id, begun_by_id, begun_at, revision) ON progress_progressnote
  FROM cairn_acl;
"""
ON = f"""
ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON {TABLE} AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
REVOKE UPDATE, DELETE ON {TABLE} FROM cairn_web;
CREATE POLICY read ON {TABLE} FOR SELECT TO cairn_web USING ({WRITES});
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse();
"""
OFF = f"""
DROP TRIGGER append_only ON {TABLE};
ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
        ("clients", "0005_how_success_is_marked"),
        ("progress", "0010_undo_for_ten_seconds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="progressnote",
            name="begun_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="progressnote",
            name="begun_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="EarlierDraft",
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
                    "format",
                    models.CharField(
                        choices=[
                            ("dap", "DAP"),
                            ("soap", "SOAP"),
                            ("birp", "BIRP"),
                            ("girp", "GIRP"),
                            ("free", "Free"),
                        ],
                        max_length=4,
                    ),
                ),
                ("body", accounts.encryption.EncryptedTextField(blank=True)),
                ("saved_at", models.DateTimeField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earlier",
                        to="progress.progressnote",
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
            options={
                "indexes": [
                    models.Index(fields=["note", "at"], name="earlier_draft_by_note")
                ],
            },
        ),
        migrations.RunSQL([ON, DOORS], [NO_DOORS, OFF]),
    ]
