"""The second lock on sessions, and how they are passed on by who cannot see them."""

from django.db import migrations

from database.operations import (
    ME,
    TEAM_OR_CLIENT,
    WRITES,
    AclFunctions,
    Policy,
    SecureRows,
    Update,
)

# By the admin, or by the primary therapist; to somebody who treats here.  Which of the
# sessions would clash with the heir's own is told as moments alone.
PASSED_ON = """
CREATE FUNCTION app.pass_on_sessions(whose uuid, leaver uuid, heir uuid,
    since timestamptz, cancels boolean) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  many integer;
BEGIN
  IF NOT app.is_ours(whose) OR NOT app.treats_here(heir)
    OR NOT (app.is_admin() OR whose = ANY (app.leads())) THEN
    RAISE insufficient_privilege USING MESSAGE = 'these sessions are not yours to pass on';
  END IF;
  UPDATE public.appointments_therapysession
    SET therapist_id = CASE WHEN cancels THEN therapist_id ELSE heir END,
      state = CASE WHEN cancels THEN 'cancelled' ELSE state END
    WHERE client_id = whose AND state = 'planned' AND therapist_id = leaver
      AND ends_at > clock_timestamp()
      AND starts_at >= coalesce(since, '-infinity');
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;
-- When a session that would be passed on overlaps one of the heir's: the moment alone.
CREATE FUNCTION app.session_clashes(whose uuid, leaver uuid, heir uuid,
    since timestamptz) RETURNS TABLE (id uuid, starts_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.starts_at FROM public.appointments_therapysession s
  WHERE app.is_ours(whose) AND app.treats_here(heir)
    AND (app.is_admin() OR whose = ANY (app.leads()))
    AND s.client_id = whose AND s.therapist_id = leaver AND s.state = 'planned'
    AND s.ends_at > clock_timestamp() AND s.starts_at >= coalesce(since, '-infinity')
    AND EXISTS (SELECT FROM public.appointments_therapysession o
      WHERE o.therapist_id = heir AND o.state = 'planned'
        AND o.starts_at < s.ends_at AND o.ends_at > s.starts_at)
  ORDER BY s.starts_at $$;
CREATE FUNCTION app.cancel_clashing_sessions(whose uuid, leaver uuid, heir uuid,
    since timestamptz) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  many integer;
BEGIN
  UPDATE public.appointments_therapysession SET state = 'cancelled' WHERE id IN
    (SELECT c.id FROM app.session_clashes(whose, leaver, heir, since) c);
  GET DIAGNOSTICS many = ROW_COUNT;
  RETURN many;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0001_initial"),
        ("clients", "0002_row_security"),
    ]

    operations = [
        SecureRows(
            "therapysession",
            read=TEAM_OR_CLIENT,
            insert=f"{WRITES} AND therapist_id = {ME}",
            update=Update(
                ["starts_at", "ends_at", "place", "video_link", "state",
                 "schedule_version", "booked_at", "take_away", "logged_at",
                 "called_off_at"],
                WRITES,
            ),
            also=[
                # The planner of reminders: when, never where or what.
                Policy(
                    "planner", "SELECT", "cairn_worker",
                    rights={"SELECT": [
                        "id", "practice", "client", "therapist", "starts_at",
                        "ends_at", "state", "schedule_version", "booked_at"]},
                ),
                Policy(
                    "acl_passes_on", "UPDATE", "cairn_acl", "state = 'planned'",
                    "state IN ('planned', 'cancelled')",
                    rights={"UPDATE": ["therapist", "state"]},
                ),
            ],
        ),
        AclFunctions(
            PASSED_ON,
            may={
                "app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean)":
                    "cairn_web",
                "app.session_clashes(uuid, uuid, uuid, timestamptz)": "cairn_web",
                "app.cancel_clashing_sessions(uuid, uuid, uuid, timestamptz)":
                    "cairn_web",
            },
            rights={
                "appointments_therapysession": [
                    "SELECT (id, practice_id, client_id, therapist_id, starts_at,"
                    " ends_at, state)"
                ]
            },
        ),
    ]  # fmt: skip
