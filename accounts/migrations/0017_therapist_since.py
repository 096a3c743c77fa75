"""Since when somebody is a therapist here by an admin's doing: PostgreSQL writes it.

Who joins by an invitation, gets the therapist's right or is let in again through the web
gets the moment; who was set up by whoever runs the server has none.  A trigger and no
column grant keeps it: `save()` writes every column, and what it says of this one does
not count.  Those who joined in the last 30 days wait as if they joined from now on.
"""

from django.db import migrations, models

KEPT = """
CREATE FUNCTION app.therapist_since() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.therapist_since := CASE WHEN NEW.is_therapist THEN now() END;
    RETURN NEW;
  END IF;
  NEW.therapist_since := OLD.therapist_since;
  IF NEW.is_therapist AND (NOT OLD.is_therapist
      OR (OLD.joined_at IS NULL AND NEW.joined_at IS NOT NULL)
      OR (NEW.is_active AND NOT OLD.is_active)
      OR NEW.practice_id <> OLD.practice_id) THEN
    NEW.therapist_since := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER therapist_since BEFORE INSERT OR UPDATE ON accounts_user
  FOR EACH ROW WHEN (current_user = 'cairn_web')
  EXECUTE FUNCTION app.therapist_since();
GRANT SELECT (therapist_since) ON accounts_user TO cairn_acl;
"""
NOT_KEPT = """
REVOKE SELECT (therapist_since) ON accounts_user FROM cairn_acl;
DROP TRIGGER therapist_since ON accounts_user;
DROP FUNCTION app.therapist_since();
"""
LATELY = """
UPDATE accounts_user SET therapist_since = joined_at
  WHERE is_therapist AND joined_at > now() - interval '30 days';
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_devices_know_the_ways_in")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="therapist_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(LATELY, migrations.RunSQL.noop),
    ]
