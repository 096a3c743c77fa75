"""The weakenings: a name, and SQL for the test database or a patch of a Python name.

To add one, append it here.  One that survives wants a test, not an excuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from inspect import unwrap

from django.db.models import Q


@dataclass(frozen=True)
class Mutant:
    name: str
    sql: str = ""
    target: str = ""  # module:name.of.attribute
    put: Callable | None = None  # makes the new from the old


def policy(table: str, name: str, *, using: str = "", check: str = "") -> str:
    words = f"ALTER POLICY {name} ON {table}"
    if using:
        words += f" USING ({using})"
    return words + (f" WITH CHECK ({check})" if check else "")


def body(function: str, old: str, new: str) -> str:
    """CREATE OR REPLACE `function` with other words in it; fails if there are none."""
    return f"""
DO $mutant$
DECLARE
  was text := pg_get_functiondef('{function}'::regprocedure);
BEGIN
  IF position($old${old}$old$ IN was) = 0 THEN
    RAISE EXCEPTION 'nothing to weaken in {function}';
  END IF;
  EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
END $mutant$"""


def trigger(table: str, name: str, old: str, new: str) -> str:
    """The trigger again, with other words in what PostgreSQL says of it."""
    return f"""
DO $mutant$
DECLARE
  was text := pg_get_triggerdef(oid) FROM pg_trigger
    WHERE tgname = '{name}' AND tgrelid = '{table}'::regclass;
BEGIN
  IF position($old${old}$old$ IN was) = 0 THEN
    RAISE EXCEPTION 'nothing to weaken in {name}: %', was;
  END IF;
  EXECUTE 'DROP TRIGGER {name} ON {table}';
  EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
END $mutant$"""


def without_key(table: str, column: str, beside: str = "client_id") -> str:
    return f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_{beside}"


def readable(table: str) -> Mutant:
    return Mutant(f"{table}: read by the whole practice",
                  policy(table, "read", using="true"))  # fmt: skip


LOGIN = "app.login(uuid, uuid)"
GIVES = "app.admin_may_give(uuid, text, timestamptz)"
CLOSE_SIGNALS = "app.close_signals(uuid[], text[], jsonb)"
OF_THE_DATABASE = [
    readable("goals_goal"),
    readable("goals_goalversion"),
    readable("goals_agreement"),
    readable("goals_goalrating"),
    readable("goals_step"),
    readable("goals_goalmove"),
    readable("goals_review"),
    readable("goals_comment"),
    readable("goals_goallink"),
    readable("goals_goalscore"),
    readable("transfer_caseloadimport"),
    readable("transfer_importsheet"),
    readable("transfer_recordexport"),
    readable("clients_signal"),
    Mutant("signal: a client reads what asks the therapist",
           policy("clients_signal", "read",
                  using="client_id = ANY ((SELECT app.reads())::uuid[])"
                        " OR client_id = (SELECT app.self())")),
    Mutant("signal: anybody in the practice opens one",
           policy("clients_signal", "insert", check="true")),
    Mutant("signal: who only reads a record opens one",
           policy("clients_signal", "insert", check="client_id = ANY (app.reads())"
                  " OR client_id = app.self()")),
    Mutant("signal: who only reads a record closes one",
           policy("clients_signal", "update", using="client_id = ANY (app.reads())"
                  " OR client_id = app.self()")),
    Mutant("signal: anybody's are closed",
           body(CLOSE_SIGNALS, "AND (client_id = ANY (app.writes())"
                " OR client_id = app.self_writes())", "")),
    Mutant("signal: those about a client one only reads are closed",
           body(CLOSE_SIGNALS, "app.writes()", "app.reads()")),
    Mutant("signal: what stays is closed as well",
           body(CLOSE_SIGNALS, "w.about = s.about", "false")),
    Mutant("signal: what says something else now stays",
           body(CLOSE_SIGNALS, "w.since = s.since", "true")),
    Mutant("copy: a colleague reads it",
           policy("transfer_recordexport", "read",
                  using="client_id = ANY ((SELECT app.reads())::uuid[])"
                        " OR client_id = (SELECT app.self())")),
    Mutant("copy: a supervisor asks for one",
           policy("transfer_recordexport", "insert", check="by_id = app.user_id()")),
    Mutant("import: an admin reads what is sealed",
           policy("transfer_importsheet", "read", using="EXISTS (SELECT FROM"
                  " transfer_caseloadimport i WHERE i.id = caseload_import_id)")),
    Mutant("import: its key opens for the whole practice",
           policy("accounts_datakey", "by_its_sheet", using="client_id IS NOT NULL")),
    Mutant("import: anybody who works here goes on with it",
           policy("transfer_caseloadimport", "update", using="app.is_therapist()")
           + ";" + policy("transfer_caseloadimport", "read", using="true")),
    Mutant("import: begun for a colleague, in their name",
           policy("transfer_caseloadimport", "insert", check="true")),
    Mutant("import: lines laid under somebody else's",
           policy("transfer_importsheet", "insert", check="true")),
    Mutant("import: what an admin cannot see they take away",
           policy("transfer_importsheet", "delete", using="true")),
    Mutant("import: a client's key goes with a line that bears its name",
           body("app.forget_sheet()", "NOT EXISTS", "true OR EXISTS")),
    Mutant("import: an admin reads the file as it came",
           policy("transfer_importsheet", "read", using="EXISTS (SELECT FROM"
                  " transfer_caseloadimport i WHERE i.id = caseload_import_id AND"
                  " (i.therapist_id = app.user_id() OR i.by_id = app.user_id()))")),
    Mutant("undo: anybody of the practice undoes anybody's import",
           ";".join([
               body("app.undo_import(uuid)", "AND by_id = app.user_id()", ""),
               body("app.imported_clients(uuid)", "AND i.by_id = app.user_id()", ""),
               body("app.import_ended(uuid)", "AND i.by_id = app.user_id()", ""),
           ])),
    Mutant("undo: what changed since is not asked for",
           body("app.changed_since_import(uuid)", "e.id > app.import_ended(which)",
                "false")),
    Mutant("undo: any client whom the log names",
           body("app.imported_clients(uuid)",
                "AND e.client_id = app.imported_key(which, e.detail->>'line')", "")),
    Mutant("undo: the import ended where the log says so last",
           body("app.import_ended(uuid)", "min(e.id)", "max(e.id)")),
    Mutant("undo: anybody may delete what is append-only",
           body("app.refuse_all_but_undo()", " AND current_user = 'cairn_acl'", "")),
    Mutant("review: the other side's answer is read before both are in",
           policy("goals_reviewanswer", "read", using="client_id = ANY (app.reads())"
                  " OR client_id = app.self()")),
    Mutant("keys: anybody takes anybody's back",
           "DROP TRIGGER key_taken_back ON goals_goalmove"),
    Mutant("keys: one that was taken back counts on",
           body("app.both_keys()", "m.agreement_id = a.id", "false")),
    Mutant("comment: a receipt in somebody else's name",
           policy("goals_comment", "update", using="client_id = ANY (app.writes())"
                  " OR client_id = app.self_writes()",
                  check="client_id = ANY (app.writes())"
                  " OR client_id = app.self_writes()")),
    Mutant("move: in the other side's name",
           policy("goals_goalmove", "insert", check="by_id = app.user_id()")),
    readable("toolkit_assignment"),
    readable("appointments_therapysession"),
    readable("notes_sessiongoal"),
    readable("notes_progressnote"),
    readable("notes_notehold"),
    readable("notes_noteaddition"),
    readable("notes_earlierdraft"),
    Mutant("care role: an admin lengthens it",
           "DROP TRIGGER only_shorter ON clients_carerole"),
    Mutant("care role: whoever works here calls a handover off",
           body("app.primary_stays(uuid)",
                "(app.is_admin() OR whose = ANY (app.leads()))", "true")),
    Mutant("draft: taken from a colleague who may write",
           body("app.take_over_note(uuid, uuid, bigint, boolean, uuid)",
                "NOT app.still_writes(whose, client_id)", "true")),
    Mutant("draft: taken over by anybody",
           body("app.take_over_note(uuid, uuid, bigint, boolean, uuid)",
                "client_id = ANY (app.writes())", "true")),
    Mutant("draft: an earlier one in other words",
           "GRANT INSERT ON notes_earlierdraft TO cairn_web;"
           " CREATE POLICY write ON notes_earlierdraft FOR INSERT TO cairn_web"
           " WITH CHECK (client_id = ANY (app.writes()) AND by_id = app.user_id())"),
    Mutant("draft: an earlier one is read by who only reads",
           policy("notes_earlierdraft", "read",
                  using="client_id = ANY (app.reads())")),
    Mutant("addition: the client reads it though the note is held back",
           policy("notes_noteaddition", "read", using="client_id = ANY (app.reads())"
                  " OR client_id = app.self()")),
    Mutant("addition: in another's name",
           policy("notes_noteaddition", "insert",
                  check="client_id = ANY (app.writes())")),
    Mutant("addition: to a note that is not signed",
           policy("notes_noteaddition", "insert",
                  check="client_id = ANY (app.writes()) AND by_id = app.user_id()")),
    Mutant("addition: it can be changed",
           "DROP TRIGGER append_only ON notes_noteaddition"),
    readable("clients_client"),
    readable("clients_clientbackground"),
    readable("clients_carerole"),
    readable("clients_contactpreferences"),
    readable("clients_contactwish"),
    Mutant("contact wish: written by who treats the client",
           policy("clients_contactwish", "insert",
                  check="client_id = ANY (app.writes()) OR client_id = app.self()")),
    Mutant("contact wish: changed by who treats the client",
           policy("clients_contactwish", "update",
                  using="client_id = ANY (app.writes()) OR client_id = app.self()")),
    Mutant("contact wish: not theirs once they are discharged",
           policy("clients_contactwish", "update",
                  using="client_id = app.self_writes()")),
    Mutant("contact wish: the planner reads whether it is allowed",
           "GRANT SELECT (allowed) ON clients_contactwish TO cairn_worker"),
    readable("accounts_datakey"),
    readable("accounts_auditevent"),
    readable("accounts_outgoingemail"),
    readable("accounts_invitation"),
    Mutant("digests: read by the whole practice",
           policy("digests_digest", "read", using="true")),
    Mutant("background: read by the client",
           policy("clients_clientbackground", "read",
                  using="client_id = ANY (app.reads()) OR client_id = app.self()")),
    Mutant("note: unsigned read by the client",
           policy("notes_progressnote", "read", using="client_id = ANY (app.reads())"
                  " OR (client_id = app.self() AND NOT app.is_held(id))")),
    Mutant("note: held back read by the client",
           policy("notes_progressnote", "read", using="client_id = ANY (app.reads())"
                  " OR (client_id = app.self() AND signed_at IS NOT NULL)")),
    Mutant("note: a hold that was lifted counts on",
           body("app.is_held(uuid)", "(until IS NULL OR until > clock_timestamp())",
                "true")),
    Mutant("draft: of any author",
           policy("clients_draft", "read", using="client_id = ANY (app.reads())"
                  " OR client_id = app.self()")),
    Mutant("wall: none around clients",
           "DROP POLICY practice_wall ON clients_client"),
    Mutant("wall: none around care roles",
           "DROP POLICY practice_wall ON clients_carerole"),
    Mutant("wall: none around the audit",
           "DROP POLICY practice_wall ON accounts_auditevent"),
    Mutant("login: an ended role counts on",
           body(LOGIN, "(ends_at IS NULL OR ends_at > clock_timestamp())", "true")),
    Mutant("login: a role to come counts already",
           body(LOGIN, "starts_at <= clock_timestamp()", "true")),
    Mutant("login: deactivated people come in",
           body(LOGIN, "WHERE id = who AND is_active", "WHERE id = who")),
    Mutant("login: supervisors write",
           body(LOGIN, "('primary', 'co_therapist', 'cover')",
                "('primary', 'co_therapist', 'supervisor', 'cover')")),
    Mutant("login: an identity outlives its transaction",
           body(LOGIN, "coalesce(person.id::text, ''), true)",
                "coalesce(person.id::text, ''), false)")),
    Mutant("login: no pinned search path",
           f"ALTER FUNCTION {LOGIN} RESET search_path"),
    Mutant("people: read by the whole practice",
           policy("accounts_user", "read", using="id = app.me() OR practice_id ="
                  " app.practice()")),
    Mutant("people: read by visitors",
           policy("accounts_user", "read", using="practice_id = app.practice()"
                  " OR app.practice() IS NULL")),
    Mutant("people: a therapist reads every client's account",
           policy("accounts_user", "read", using="id = app.me() OR (practice_id ="
                  " app.practice() AND (app.is_admin() OR app.is_therapist()"
                  " OR id = ANY (app.team())))")),
    Mutant("people: an admin reads password hashes",
           policy("accounts_credential", "read",
                  using="user_id = app.me() OR app.is_admin()")),
    Mutant("people: an admin writes password hashes",
           policy("accounts_credential", "update", using="app.is_admin() OR user_id"
                  " = app.me()")
           + ";" + policy("accounts_credential", "read", using="app.is_admin() OR"
                          " user_id = app.me()")),
    readable("mfa_authenticator"),
    readable("accounts_signin"),
    readable("accounts_practice"),
    Mutant("people: an admin changes another's name",
           policy("accounts_user", "update", check="true")),
    Mutant("people: a therapist makes an admin",
           policy("accounts_user", "insert", check="practice_id = app.practice()")),
    Mutant("people: whoever is on the way in has arrived",
           body(LOGIN, "WHERE id = who AND", "WHERE id = coalesce(who, coming) AND")),
    Mutant("people: accounts of another practice are managed",
           body("app.manages(uuid)", "u.practice_id = app.practice()", "true")),
    Mutant("people: therapists manage every client's account",
           body("app.manages(uuid)", "c.id = ANY (app.writes())",
                "app.is_therapist()")),
    Mutant("people: whose ways in change is not looked at",
           body("app.ways_changed(uuid, text)", "IF whom IS DISTINCT FROM"
                " app.user_id() THEN", "IF false THEN")),
    Mutant("people: roles are given by anybody",
           body("app.set_roles(uuid, boolean, boolean)", "app.is_admin()", "true")),
    Mutant("people: a client is made a therapist",
           body("app.set_roles(uuid, boolean, boolean)",
                "AND (is_therapist OR is_admin)", "")),
    Mutant("people: a record is given to an account that is in use",
           body("app.give_account(uuid, uuid)", "AND u.joined_at IS NULL", "")),
    Mutant("people: the account of a record is another from now on",
           body("app.give_account(uuid, uuid)", "AND c.user_id IS NULL", "")),
    Mutant("people: an invitation of somebody else is used up",
           body("app.join(text, text)", "AND user_id = app.user_id()", "")),
    Mutant("people: an address is changed by somebody else's wish",
           body("app.change_address(uuid)", "AND user_id = app.user_id()", "")),
    Mutant("people: an address is corrected after they joined",
           body("app.correct_address(uuid, text)", "AND joined_at IS NULL", "")),
    Mutant("people: an account is found by a part of its address",
           body("app.account_at(text)", "email = address", "email LIKE address")),
    Mutant("people: a client asks anybody's name",
           body("app.named_in_record(uuid[])", "AND actor_id = u.id", "")),
    Mutant("people: sign-ins are found without their key",
           body("app.session_read(text, timestamptz)", "s.key_hash = hash", "true")),
    Mutant("owner: not held by the policies",
           "ALTER TABLE goals_goal NO FORCE ROW LEVEL SECURITY"),
    Mutant("roles: the web steps over row security", "ALTER ROLE cairn_web BYPASSRLS"),
    Mutant("roles: the worker reads notes",
           "GRANT SELECT ON notes_progressnote TO cairn_worker"),
    Mutant("roles: the web deletes clients",
           "GRANT DELETE ON clients_client TO cairn_web;"
           " CREATE POLICY x ON clients_client FOR DELETE TO cairn_web USING (true)"),
    Mutant("roles: the web marks emails as sent",
           "GRANT UPDATE ON accounts_outgoingemail TO cairn_web"),
    Mutant("roles: the web moves a goal to another client",
           "GRANT UPDATE (client_id) ON goals_goal TO cairn_web"),
    Mutant("care: anybody admits a client who has a therapist",
           policy("clients_carerole", "admit", check="user_id = app.user_id()")),
    Mutant("care: an admin gives themselves a role",
           policy("clients_carerole", "assign", check="app.is_admin()")),
    readable("clients_emergencyreason"),
    readable("clients_supervisioncomment"),
    readable("clients_correction"),
    readable("goals_strength"),
    readable("goals_strengthlink"),
    readable("goals_win"),
    Mutant("strength: answered by the therapist",
           policy("goals_strength", "update", using="client_id = app.self_writes()"
                  " OR client_id = ANY (app.writes())")),
    Mutant("strength: accepted by who offers it",
           policy("goals_strength", "insert",
                  check="proposed_by_id = app.user_id() AND (client_id = ANY"
                  " (app.writes()) OR client_id = app.self_writes())")),
    Mutant("strength: said in the client's name",
           policy("goals_strength", "insert",
                  check="client_id = ANY (app.writes()) OR client_id ="
                  " app.self_writes()")),
    Mutant("strength: without its moment",
           "ALTER TABLE goals_strength DROP CONSTRAINT strength_has_its_moment"),
    Mutant("strength: its words can be changed",
           "GRANT UPDATE (moment) ON goals_strength TO cairn_web"),
    Mutant("strength: linked to somebody else's goal",
           without_key("goals_strengthlink", "goal_id")),
    Mutant("strength: linked in the other side's name",
           policy("goals_strengthlink", "insert",
                  check="by_id = app.user_id() AND (client_id = ANY (app.writes())"
                  " OR client_id = app.self_writes())")),
    Mutant("secured: an agreement to another client's words",
           without_key("goals_agreement", "version_id")),
    Mutant("secured: another client's words in effect",
           without_key("goals_goal", "in_force_id")),
    Mutant("secured: a row in another practice than its client",
           without_key("goals_step", "client_id", "practice_id")),
    Mutant("secured: a request of no client",
           without_key("clients_notice", "request_id", "client_id_too")),
    Mutant("secured: a key that forgets the client",
           without_key("goals_step", "goal_id") + "; ALTER TABLE goals_step ADD FOREIGN"
           " KEY (goal_id) REFERENCES goals_goal (id) DEFERRABLE INITIALLY DEFERRED"),
    Mutant("secured: a table that is read by nobody is read",
           "GRANT SELECT ON accounts_resetrequest TO cairn_web; CREATE POLICY read"
           " ON accounts_resetrequest FOR SELECT TO cairn_web USING (true)"),
    Mutant("secured: drafts of others are deleted unseen",
           policy("clients_draft", "delete", using="true")),
    Mutant("secured: a column that nobody changes is changed",
           "GRANT UPDATE (author_id) ON clients_draft TO cairn_web"),
    Mutant("secured: cairn_acl passes on what is not planned",
           policy("appointments_therapysession", "acl_passes_on", using="true",
                  check="true")),
    Mutant("secured: the operator's right is the web's",
           "CREATE POLICY x ON notes_progressnote FOR INSERT TO cairn_web"
           " WITH CHECK (true)"),
    Mutant("keys: another client's agreements count",
           body("app.both_keys()",
                "a.client_id = NEW.client_id AND v.client_id = NEW.client_id", "true")),
    Mutant("keys: another client's agreement is taken back",
           body("app.key_taken_back()",
                "a.client_id = NEW.client_id AND v.client_id = NEW.client_id", "true")
           + ";" + body("app.key_taken_back()", "g.client_id = NEW.client_id", "true")),
    Mutant("win: noted in another's name",
           policy("goals_win", "insert", check="client_id = ANY (app.writes())"
                  " OR client_id = app.self_writes()")),
    Mutant("win: taken back by the other side",
           policy("goals_win", "update", using="client_id = ANY (app.writes())"
                  " OR client_id = app.self_writes()")),
    Mutant("care: an emergency for somebody else",
           policy("clients_carerole", "emergency",
                  check="kind = 'emergency' AND app.is_therapist()")),
    Mutant("care: an admin opens in an emergency",
           policy("clients_carerole", "emergency",
                  check="kind = 'emergency' AND user_id = app.user_id()"
                  " AND given_by_id = app.user_id() AND app.is_ours(client_id)")),
    Mutant("care: comments are read in an emergency",
           policy("clients_supervisioncomment", "read",
                  using="client_id = ANY (app.reads())")),
    Mutant("care: anybody who treats comments as supervisor",
           policy("clients_supervisioncomment", "insert",
                  check="by_id = app.user_id() AND client_id = ANY (app.reads())")),
    Mutant("care: a correction is answered by who only reads",
           policy("clients_correction", "update", using="client_id = ANY (app.reads())",
                  check="true")),
    Mutant("care: sessions of others are passed on",
           body("app.pass_on_sessions(uuid, uuid, uuid, timestamptz, boolean)",
                "NOT (app.is_admin() OR whose = ANY (app.leads()))", "false")),
    Mutant("care: a discharged client writes on",
           policy("goals_step", "update", using="client_id = ANY (app.writes())"
                  " OR client_id = app.self()")),
    Mutant("goal: anybody of the practice writes",
           policy("goals_goal", "insert", check="true")),
    Mutant("goal: supervisors change it",
           policy("goals_goal", "update",
                  using="client_id = ANY (app.reads()) OR client_id = app.self()")),
    Mutant("goal: either side turns the other's key",
           policy("goals_agreement", "insert", check="by_id = app.user_id()")),
    Mutant("goal: a version in another's name",
           policy("goals_goalversion", "insert",
                  check="client_id = ANY (app.writes()) OR client_id = app.self()")),
    Mutant("rating: in another's name",
           policy("goals_goalrating", "insert",
                  check="client_id = ANY (app.writes()) OR client_id = app.self()")),
    Mutant("note: in another's name",
           policy("notes_progressnote", "insert",
                  check="client_id = ANY (app.writes())")),
    Mutant("note: begun with a signature of any date",
           policy("notes_progressnote", "insert",
                  check="client_id = ANY (app.writes()) AND author_id = app.user_id()"
                  " AND begun_by_id IS NULL")),
    Mutant("note: a signed one changes",
           "DROP TRIGGER never_changes ON notes_progressnote;"
           + policy("notes_progressnote", "update",
                    using="client_id = ANY (app.writes())")),
    Mutant("note: signed a moment ago and read by the client",
           policy("notes_progressnote", "read", using="client_id = ANY (app.reads())"
                  " OR (client_id = app.self() AND signed_at IS NOT NULL"
                  " AND NOT app.is_held(id))")),
    Mutant("note: a signature is undone at any time",
           trigger("notes_progressnote", "never_changes",
                   "(old.signed_at > clock_timestamp())", "true")),
    Mutant("note: a signature is undone by anybody",
           trigger("notes_progressnote", "never_changes",
                   "(old.author_id = app.user_id())", "true")),
    Mutant("note: its words change while a signature is undone",
           trigger("notes_progressnote", "never_changes",
                   "(to_jsonb(new.*) - 'signed_at'::text)",
                   "(to_jsonb(old.*) - 'signed_at'::text)")),
    Mutant("note: a signed one is deleted",
           "DROP TRIGGER never_deleted ON notes_progressnote"),
    Mutant("note: all of them are gone at once",
           "DROP TRIGGER never_emptied ON notes_progressnote"),
    Mutant("session: the client writes it",
           policy("appointments_therapysession", "insert", check="true")),
    Mutant("email: posted as sent already",
           policy("accounts_outgoingemail", "insert",
                  check="practice_id = app.practice()")),
    Mutant("email: for another practice",
           policy("accounts_outgoingemail", "insert",
                  check="state = 'waiting'")),
    readable("clients_carerolerequest"),
    Mutant("notice: read by the whole practice",
           policy("clients_notice", "read", using="true")),
    Mutant("request: decided by an admin",
           policy("clients_carerolerequest", "update",
                  using="outcome = '' AND (app.is_admin() OR client_id = ANY"
                  " (app.leads()))", check="decided_by_id = app.user_id()")),
    Mutant("request: asked for in another name",
           policy("clients_carerolerequest", "insert", check="app.is_admin()")),
    Mutant("role: an admin's opens at once",
           body(GIVES, "starts >= statement_timestamp() + interval '24 hours'",
                "true")),
    Mutant("role: an admin's opens after a day though the therapist is here",
           body(GIVES, "AND NOT app.primary_is_here(whose)", "AND true")),
    Mutant("role: a full record counts as empty",
           body("app.record_is_empty(uuid)", "NOT EXISTS", "true OR NOT EXISTS")),
    Mutant("role: a cover to come makes the therapist away",
           body("app.primary_is_here(uuid)", "r.starts_at <= clock_timestamp()",
                "true")),
    Mutant("emergency: without its reason",
           "DROP TRIGGER emergency_has_reason ON clients_carerole"),
    Mutant("emergency: at once by whom an admin invented",
           body("app.emergencies_from()", "interval '30 days'", "interval '0'")),
    Mutant("emergency: a therapist says since when they are one",
           "DROP TRIGGER therapist_since ON accounts_user"),
    Mutant("emergency: begun in the past",
           policy("clients_carerole", "emergency",
                  check="kind = 'emergency' AND app.is_therapist() AND user_id ="
                  " app.user_id() AND given_by_id = app.user_id() AND starts_at <="
                  " clock_timestamp() AND app.is_ours(client_id)")),
    Mutant("clashes: told to anybody who treats",
           body("app.session_clashes(uuid, uuid, uuid, timestamptz)",
                "(app.is_admin() OR whose = ANY (app.leads()))", "true")),
    Mutant("practice: changed by anybody in it",
           policy("accounts_practice", "update",
                  using="id = app.practice()")),
    Mutant("crisis lines: kept by anybody in the practice",
           policy("accounts_crisisline", "update",
                  using="practice_id = app.practice()")),
    Mutant("audit: rows can be changed",
           "DROP TRIGGER append_only ON accounts_auditevent"),
    Mutant("audit: seals can be changed",
           "DROP TRIGGER append_only ON accounts_auditseal"),
    Mutant("audit: the web writes rows by itself",
           "GRANT INSERT ON accounts_auditevent TO cairn_web; CREATE POLICY x ON"
           " accounts_auditevent FOR INSERT TO cairn_web WITH CHECK (true)"),
    Mutant("keys: anybody changes them",
           "GRANT EXECUTE ON FUNCTION app.rewrap_key(uuid, bytea, bytea, smallint),"
           " app.destroy_key(uuid) TO PUBLIC"),
]  # fmt: skip


def everything(_old):
    return lambda self, *args, **kwargs: self.all()


def everybody(_old):
    return lambda *args, **kwargs: Q()


OF_THE_RULE = [
    Mutant("signal: read by both sides",
           target="clients.models.signal:SignalQuerySet.visible_to",
           put=lambda _old: lambda self, user: super(
               type(self), self).visible_to(user)),
    Mutant("signal: shown before its day",
           target="clients.models.signal:SignalQuerySet.shown",
           put=lambda old: lambda self, today, now: old(
               self, today + timedelta(days=1), now)),
    Mutant("signal: what is told stays after it was opened",
           target="clients.signals:was_opened",
           put=lambda _old: lambda row, user: None),
    Mutant("signal: a verb opens none",
           target="clients.signals:refresh",
           put=lambda _old: lambda client_ids, topics=None: None),
    Mutant("signal: what is settled is told on",
           target="goals.signals:_is_settled", put=lambda _old: lambda *said: False),
    Mutant("signal: whoever chose first is not asked again",
           target="goals.signals:_must_choose", put=lambda _old: lambda *said: False),
    Mutant("signal: four ratings alike are flat",
           target="goals.signals:FLAT", put=lambda _old: 4),
    Mutant("signal: three sessions are still",
           target="goals.signals:UNTOUCHED", put=lambda _old: 3),
    Mutant("signal: one session without a talk is asked about",
           target="goals.signals:UNANSWERED", put=lambda _old: 1),
    Mutant("signal: a question on top of a review that is due",
           target="goals.signal_words:QUIET", put=lambda _old: ()),
    Mutant("exercise: a later answer replaces one that was not seen",
           target="toolkit.models:Assignment.say",
           put=lambda old: lambda self, answer, *, by, seen: old(
               self, answer, by=by, seen=type(self).objects.get(pk=self.pk).answer)),
    Mutant("rule: every row is visible",
           target="clients.access:rows_visible_to", put=everybody),
    Mutant("rule: every row is editable",
           target="clients.access:rows_editable_by", put=everybody),
    Mutant("rule: ended and coming roles count",
           target="clients.access:currently", put=everybody),
    Mutant("rule: covers may not read",
           target="clients.access:READS", put=lambda old: old - {"cover"}),
    Mutant("rule: supervisors write",
           target="clients.access:WRITES", put=lambda old: old | {"supervisor"}),
    Mutant("rule: a deactivated person still reaches",
           target="clients.access:_read_reach",
           put=lambda old: lambda user: old(_Active(user))),
    Mutant("rule: the directory is open to all",
           target="clients.models:Client.objects._queryset_class.directory_of",
           put=everything),
    Mutant("rule: the client reads every note",
           target="notes.models.note:ProgressNoteQuerySet.shared", put=everything),
    Mutant("rule: the client reads additions to notes that are held",
           target="notes.models.note_addition:NoteAdditionQuerySet.shared",
           put=lambda _old: lambda self: self),
    Mutant("rule: the client reads why a note is held",
           target="notes.models.note:NoteHoldQuerySet.visible_to",
           put=lambda _old: lambda self, user: self.filter(practice=user.practice_id)),
    Mutant("rule: the therapist answers about a strength",
           target="goals.strengths.models.strength:StrengthQuerySet.editable_by",
           put=everything),
    Mutant("rule: an admin reads what is sealed of an import",
           target="transfer.models.caseload_import:ImportSheetQuerySet.visible_to",
           put=everything),
    Mutant("rule: anybody's copy of a record",
           target="transfer.models.record_export:RecordExportQuerySet.visible_to",
           put=everything),
    Mutant("rule: what is held back is in a copy",
           target="notes.models.note:ProgressNoteQuerySet.shared",
           put=lambda _old: lambda self: self),
    Mutant("rule: anybody's import",
           target="transfer.models.caseload_import:CaseloadImportQuerySet.visible_to",
           put=everything),
    Mutant("rule: anybody takes a win back",
           target="goals.strengths.models.win:WinQuerySet.editable_by", put=everything),
    Mutant("rule: anybody's audit",
           target="accounts.models.audit_event:AuditEventQuerySet.visible_to",
           put=everything),
    Mutant("rule: anybody's emails",
           target="accounts.models.outgoing_email:OutgoingEmailQuerySet.visible_to",
           put=everything),
    Mutant("rule: anybody's digest",
           target="digests.models:DigestQuerySet.visible_to", put=everything),
    Mutant("rule: everybody in the practice sees all its people",
           target="accounts.models.people:UserQuerySet.visible_to", put=everything),
    Mutant("rule: crisis lines of every practice",
           target="accounts.models.practice:CrisisLineQuerySet.editable_by",
           put=everything),
    Mutant("rule: a deactivated person stays signed in",
           target="accounts.models.people:User.is_active",
           put=lambda _old: property(lambda self: True, lambda self, value: None)),
    Mutant("kept: a query is compiled without the rule",
           target="clients.access:_any_of",
           put=lambda old: lambda ids, column: old(ids, column)
           if isinstance(ids, list) else Q()),
    Mutant("kept: whoever asked first is asked about for ever",
           target="clients.prepared:_Given.__missing__",
           put=lambda old: _FirstOnly(old)),
    Mutant("door: admin pages open to all staff",
           target="accounts.decorators:admin_required",
           put=lambda _old: _decorator("staff_required")),
    Mutant("door: therapists' pages open to all",
           target="accounts.decorators:therapist_required",
           put=lambda _old: _decorator("signed_in_required")),
    Mutant("door: a fresh proof is never asked for",
           target="accounts.reauthentication:is_fresh",
           put=lambda _old: lambda request: True),
    Mutant("proof: a therapist fetches a copy without one",
           target="transfer.export_views:record_file",
           put=lambda old: _either_side(unwrap(old))),
    Mutant("proof: an account closes without one",
           target="overview.handover_views:person_leave",
           put=lambda old: _decorator("admin_required")(unwrap(old))),
    Mutant("proof: an admin gives a role without one",
           target="clients.care_views:client_care",
           put=lambda old: _decorator("staff_required")(unwrap(old))),
    Mutant("told: no client is",
           target="clients.models.notice:Notice.tell_client",
           put=lambda _old: lambda *args, **kwargs: None),
    Mutant("handover: the new therapist keeps other roles",
           target="clients.models.care:end_other_roles",
           put=lambda _old: lambda *args, **kwargs: None),
    Mutant("handover: sessions are booked twice in silence",
           target="overview.handover:session_clashes",
           put=lambda _old: lambda *args: []),
    Mutant("handover: to who has not joined",
           target="clients.assigning:require_joined",
           put=lambda _old: lambda person: None),
]  # fmt: skip


class _Active:
    """A person who says that they are active."""

    is_active = True

    def __init__(self, user):
        self.user = user

    def __getattr__(self, name):
        return getattr(self.user, name)


class _FirstOnly:
    """Remembers what the first person reached, by the name of what is asked."""

    def __init__(self, old):
        self.old, self.found = old, {}

    def __get__(self, given, kind=None):
        def missing(name):
            return self.found.setdefault(name, self.old(given, name))

        return missing


def _decorator(name):
    from accounts import decorators

    return getattr(decorators, name)


def _either_side(view):
    from clients.sides import either_side

    return either_side(view, only_reads=True)


def _without(text: str, with_=""):
    """The new statement from the old, which must have `text` in it."""

    def put(old):
        assert text in old, "nothing to weaken"
        return old.replace(text, with_)

    return put


def _looks_first(old):
    from accounts.backend import account_at

    return lambda email: account_at(email) and old(email)


def _whoever_it_was(_old):
    from accounts import idle_timeout
    from accounts.backend import read_account
    from database.identity import acting_as

    def owner(who):
        with acting_as(None, coming=idle_timeout.person_of(who)):
            return read_account(idle_timeout.person_of(who))

    return owner


def _djangos_proof(_old):
    from django.contrib.auth.base_user import AbstractBaseUser

    return AbstractBaseUser._get_session_auth_hash


def _looks_first_at_an_address(old):
    from accounts.backend import account_at

    def want(person, email):
        return None if account_at(email) else old(person, email)

    return want


SIGN_IN_TESTS = (
    "accounts/tests/test_addresses.py",
    "accounts/tests/test_coming_in.py",
    "accounts/tests/test_devices.py",
    "accounts/tests/test_sign_in_again.py",
    "accounts/tests/test_older_sign_ins.py",
    "accounts/tests/test_same_for_all.py",
    "accounts/tests/test_out_and_in.py",
    "accounts/tests/test_sign_in_limits.py",
    "accounts/tests/test_ways_at_once.py",
    "clients/tests/test_sign_in_reset.py",
    "digests/tests/test_plan_at_once.py",
)


def _nothing_held(_old):
    return lambda person: None


OF_SIGN_IN = [
    Mutant("sign-in: a password change under way undoes an admin's reset",
           target="accounts.people_forms:hold_ways", put=_nothing_held),
    Mutant("sign-in: a second step on its way outlives an admin's reset",
           target="accounts.factor_views:hold_ways", put=_nothing_held),
    Mutant("sign-in: older ones stay in the list",
           body("app.ways_changed(uuid, text)", "user_id = whom AND", "false AND")),
    Mutant("sign-in: one that is just being written down outlives the change",
           target="accounts.models.people:User._get_session_auth_hash",
           put=_djangos_proof),
    Mutant("sign-in: a second step that was added elsewhere is not asked for",
           body("app.session_read(text, timestamptz)", "('totp', 'webauthn')",
                "('none')")),
    Mutant("sign-in: a first step holds whatever changes",
           target="accounts.factor_views:first_step_holds",
           put=lambda _old: lambda request, user: True),
    Mutant("sign-in: in place a first step holds whatever changes",
           target="accounts.sign_in_again:first_step_holds",
           put=lambda _old: lambda request, user: True),
    Mutant("tries: any word beside a guess in place takes it out of the count",
           target="accounts.idle_timeout:step_of",
           put=lambda old: lambda said: "options" if said.get("begin") else old(said)),
    Mutant("sign-in: a page from before a change signs in in place",
           target="accounts.idle_timeout:owner_of", put=_whoever_it_was),
    Mutant("tries: blanks around an address make another counter",
           target="accounts.sign_in_limits:address_typed",
           put=lambda _old: lambda said: said.lower()),
    Mutant("devices: known after a way in has changed",
           body("app.knows_device_of(text,text)",
                "AND d.sign_in_version = u.sign_in_version", "")),
    Mutant("devices: each one has codes of its own",
           target="accounts.sign_in_limits:CODES_OF_THEIRS", put=lambda _old: 10_000),
    Mutant("join: a page takes a password for whoever the last link was of",
           target="accounts.people_forms:JoinForm.is_of_another",
           put=lambda _old: False),
    Mutant("tries: nothing is counted",
           target="accounts.sign_in_limits:count", put=lambda _old: lambda tried: None),
    Mutant("tries: each further one moves the end",
           target="accounts.sign_in_limits:COUNT",
           put=_without("ELSE had.ends_at END", "ELSE EXCLUDED.ends_at END")),
    Mutant("tries: who is stopped already closes it for others",
           target="accounts.sign_in_limits:COUNT",
           put=_without("WHERE (SELECT count FROM own) <= %(most)s",
                        "WHERE %(most)s > 0")),
    Mutant("tries: one that was right begins the count anew",
           target="accounts.sign_in_limits:GIVE_BACK", put=_without("count - 1", "0")),
    Mutant("tries: each address of a household is a place",
           target="accounts.sign_in_limits:network_of",
           put=lambda _old: lambda said: said),
    Mutant("tries: a known device may guess for ever",
           target="accounts.sign_in_limits:ON_A_KNOWN_DEVICE", put=lambda _old: 10_000),
    Mutant("email: the request itself looks whose address it is",
           target="accounts.sign_in_reset:ask", put=_looks_first),
    Mutant("address: the request itself looks whose it is",
           target="accounts.addresses:want", put=_looks_first_at_an_address),
    Mutant("address: its page says whether an invited one is somebody's",
           target="clients.models:Client.is_invited",
           put=lambda _old: property(lambda self: bool(self.user_id))),
    Mutant("email: said to be written whether or not it was",
           target="accounts.models.outgoing_email:_written",
           put=lambda old: lambda email: old(email) or True),
    Mutant("email: two for one recipient, kind and period",
           "ALTER TABLE accounts_outgoingemail DROP CONSTRAINT email_once_per_period"),
    Mutant("way back: the web reads who asked",
           "GRANT SELECT ON accounts_resetrequest TO cairn_web;"
           " CREATE POLICY look ON accounts_resetrequest FOR SELECT TO cairn_web"
           " USING (true)"),
    Mutant("file: a formula in full-width signs",
           target="ui.csv_cells:is_formula",
           put=lambda _old: lambda cell: cell.startswith(tuple("=+-@"))),
    Mutant("file: runs where it is opened",
           target="accounts.middleware:lock_download",
           put=lambda _old: lambda response: None),
    Mutant("audit: what somebody typed into a refused address",
           target="accounts.middleware:UUID", put=lambda _old: object),
    Mutant("proxy: what cannot be read comes from this machine",
           target="accounts.places:read",
           put=lambda old: lambda said: old(said) or "127.0.0.1"),
]  # fmt: skip


NOTHING = Mutant("nothing")  # the tests pass, or their failing says nothing
MUTANTS = [*OF_THE_DATABASE, *OF_THE_RULE, *OF_SIGN_IN]
