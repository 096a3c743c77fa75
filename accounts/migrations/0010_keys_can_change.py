"""The narrow doors by which an operator changes or destroys wrapped keys.

They run as cairn_acl and open to cairn_owner alone, who answers no request: the web
cannot change a key, and the owner still finds none in a table.  Destroying leaves its
audit row in the same function, so that there is no way to do the one without the other.
"""

from django.db import migrations

DOORS = """
GRANT SELECT, DELETE, UPDATE (wrapped, master_version) ON accounts_datakey TO cairn_acl;
CREATE POLICY through_key_doors ON accounts_datakey TO cairn_acl USING (true);
GRANT CREATE ON SCHEMA app TO cairn_acl;
SET LOCAL ROLE cairn_acl;
CREATE FUNCTION app.operator_did(verb text, practice uuid, client uuid, detail jsonb)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_current_xact_id();
  INSERT INTO public.accounts_auditevent
    (practice_id, role, verb, client_id, kind, reason, detail)
  VALUES (practice, 'operator', verb, client, '', '', detail) $$;
CREATE FUNCTION app.wrapped_keys(of_practice uuid) RETURNS TABLE (id uuid,
    practice uuid, client uuid, wrapped bytea, version smallint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT id, practice_id, client_id, wrapped, master_version FROM public.accounts_datakey
  WHERE of_practice IS NULL AND client_id IS NULL OR practice_id = of_practice
  ORDER BY client_id NULLS FIRST $$;
CREATE FUNCTION app.rewrap_key(key uuid, was bytea, becomes bytea, version smallint)
  RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.accounts_datakey SET wrapped = becomes, master_version = version
    WHERE id = key AND wrapped = was;
  RETURN FOUND;
END $$;
CREATE FUNCTION app.destroy_key(client uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  practice uuid;
BEGIN
  DELETE FROM public.accounts_datakey WHERE client_id = client
    RETURNING practice_id INTO practice;
  IF practice IS NULL THEN
    RETURN false;
  END IF;
  PERFORM app.operator_did('key destroyed', practice, client, '{}');
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION app.operator_did(text, uuid, uuid, jsonb), app.wrapped_keys(uuid),
  app.rewrap_key(uuid, bytea, bytea, smallint), app.destroy_key(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.operator_did(text, uuid, uuid, jsonb),
  app.wrapped_keys(uuid), app.rewrap_key(uuid, bytea, bytea, smallint),
  app.destroy_key(uuid) TO cairn_owner;
SET LOCAL ROLE NONE;
REVOKE CREATE ON SCHEMA app FROM cairn_acl;
"""
UNDO = """
DROP FUNCTION app.destroy_key(uuid);
DROP FUNCTION app.rewrap_key(uuid, bytea, bytea, smallint);
DROP FUNCTION app.wrapped_keys(uuid);
DROP FUNCTION app.operator_did(text, uuid, uuid, jsonb);
DROP POLICY through_key_doors ON accounts_datakey;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_practice_promises")]

    operations = [migrations.RunSQL(DOORS, UNDO)]
