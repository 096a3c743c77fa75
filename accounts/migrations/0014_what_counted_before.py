"""The tables of django-axes go, with the addresses in them: accounts_tries counts.
app.knows_device_of() asks what app.knows_device() did.

# after the release that counted with django-axes
"""

from django.db import migrations

GONE = """
DROP TABLE IF EXISTS axes_accessattemptexpiration, axes_accessattempt,
  axes_accessfailurelog, axes_accesslog;
DROP FUNCTION app.knows_device(uuid, text);
DO $$ BEGIN
  DELETE FROM django_migrations WHERE app = 'axes';
  IF to_regclass('public.auth_permission') IS NOT NULL THEN
    DELETE FROM auth_permission WHERE content_type_id IN
      (SELECT id FROM django_content_type WHERE app_label = 'axes');
  END IF;
  IF to_regclass('public.django_content_type') IS NOT NULL THEN
    DELETE FROM django_content_type WHERE app_label = 'axes';
  END IF;
END $$;
"""


BACK = """
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.knows_device(who uuid, hash text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.accounts_knowndevice
    WHERE user_id = who AND token_hash = hash) $$;
REVOKE ALL ON FUNCTION app.knows_device(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.knows_device(uuid, text) TO cairn_web;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_tries")]

    operations = [migrations.RunSQL(GONE, BACK)]
