"""What asks for attention, as rows; each side reads its own.

Whoever may write for a client opens a signal for either side, without reading it: a
client's answer in a review asks the therapist.  Closing one is an update, which
PostgreSQL allows of rows that may be read, so what asks the other side is closed by
`app.close_signals`, of the clients alone whom the identity may write for.
"""

import django.db.models.deletion
from django.db import migrations, models

import database.ids

EITHER_SIDE = """(client_id = ANY ((SELECT app.writes())::uuid[])
    OR client_id = (SELECT app.self_writes()))"""
OWN_SIDE = """CASE side
    WHEN 'client' THEN client_id = (SELECT app.self_writes())
    WHEN 'therapist' THEN client_id = ANY ((SELECT app.writes())::uuid[])
    ELSE false END"""
ON = f"""
ALTER TABLE clients_signal ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients_signal FORCE ROW LEVEL SECURITY;
CREATE POLICY practice_wall ON clients_signal AS RESTRICTIVE TO cairn_web
  USING (practice_id = (SELECT app.practice()));
CREATE POLICY read ON clients_signal FOR SELECT TO cairn_web USING (CASE side
  WHEN 'client' THEN client_id = (SELECT app.self())
  WHEN 'therapist' THEN client_id = ANY ((SELECT app.reads())::uuid[])
  ELSE false END);
CREATE POLICY write ON clients_signal FOR INSERT TO cairn_web
  WITH CHECK ({EITHER_SIDE});
CREATE POLICY change ON clients_signal FOR UPDATE TO cairn_web USING ({OWN_SIDE});
REVOKE UPDATE, DELETE ON clients_signal FROM cairn_web;
GRANT UPDATE (closed_at) ON clients_signal TO cairn_web;

CREATE POLICY acl ON clients_signal TO cairn_acl USING (true);
GRANT SELECT, UPDATE (closed_at) ON clients_signal TO cairn_acl;
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.close_signals(of_clients uuid[], of_kinds text[], still jsonb)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  UPDATE public.clients_signal s SET closed_at = now()
  WHERE client_id = ANY (of_clients)
    AND (client_id = ANY (app.writes()) OR client_id = app.self_writes())
    AND practice_id = app.practice() AND kind = ANY (of_kinds) AND closed_at IS NULL
    AND NOT EXISTS (
      SELECT FROM jsonb_to_recordset(still) AS w(client_id uuid, side text, kind text,
        about uuid, since timestamptz, due_on date, until timestamptz)
      WHERE w.client_id = s.client_id AND w.side = s.side AND w.kind = s.kind
        AND w.about = s.about AND w.since = s.since
        AND w.due_on IS NOT DISTINCT FROM s.due_on
        AND w.until IS NOT DISTINCT FROM s.until) $$;
REVOKE ALL ON FUNCTION app.close_signals(uuid[], text[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.close_signals(uuid[], text[], jsonb) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
OFF = """
DROP FUNCTION app.close_signals(uuid[], text[], jsonb);
ALTER TABLE clients_signal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE clients_signal DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("clients", "0013_update_by_column"),
    ]

    operations = [
        migrations.CreateModel(
            name="Signal",
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
                ("kind", models.CharField(max_length=20)),
                ("about", models.UUIDField()),
                (
                    "side",
                    models.CharField(
                        choices=[("client", "client"), ("therapist", "therapist")],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("due_on", models.DateField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("until_opened", models.BooleanField(default=False)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clients.client",
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("client", "side", "kind", "about"),
                        name="signal_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("side", "client"), ("side", "therapist"), _connector="OR"
                        ),
                        name="signal_is_of_a_side",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ON, OFF),
    ]
