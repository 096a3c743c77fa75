"""The second lock on goals: history is append-only, each side speaks for itself, and
nobody agrees in the other's place.

A key (an agreement) is taken back by the side that gave it, and what lost one is not in
effect.  An answer in a review is read by the other side once both have answered.  A
strength is answered by the client alone.  A discharged client reads and writes nothing.
"""

from django.db import migrations

from database.operations import (
    EITHER_SIDE,
    ME,
    OWN_SIDE,
    READS,
    SELF,
    SELF_WRITES,
    TEAM_OR_CLIENT,
    WRITES,
    SecureRows,
    Update,
)

# Reads as the one who asks, so that it tells nothing of other people's reviews.
ANSWERED = """
CREATE FUNCTION app.both_answered(which uuid) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT client_at IS NOT NULL AND therapist_at IS NOT NULL
  FROM public.goals_review WHERE id = which $$;
"""
# In effect is what both agreed to, whatever the program says.
KEYS = """
CREATE FUNCTION app.both_keys() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT count(DISTINCT a.side) FROM public.goals_agreement a
      JOIN public.goals_goalversion v ON v.id = a.version_id
      WHERE v.id = NEW.in_force_id AND v.goal_id = NEW.id
        AND a.fingerprint = v.fingerprint
        AND a.client_id = NEW.client_id AND v.client_id = NEW.client_id
        AND NOT EXISTS (SELECT FROM public.goals_goalmove m
                        WHERE m.agreement_id = a.id)) < 2 THEN
    RAISE check_violation USING MESSAGE =
      'a goal version is in force only with both keys', CONSTRAINT = 'goal_both_keys';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER both_keys BEFORE INSERT OR UPDATE OF in_force_id ON goals_goal
  FOR EACH ROW WHEN (NEW.in_force_id IS NOT NULL) EXECUTE FUNCTION app.both_keys();
-- A key is taken back by the side that turned it, and not under what is in force.
CREATE FUNCTION app.key_taken_back() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.goals_agreement a
      JOIN public.goals_goalversion v ON v.id = a.version_id
      JOIN public.goals_goal g ON g.id = v.goal_id
      WHERE a.id = NEW.agreement_id AND a.side = NEW.side AND v.id = NEW.version_id
        AND g.id = NEW.goal_id AND g.in_force_id IS DISTINCT FROM v.id
        AND a.client_id = NEW.client_id AND v.client_id = NEW.client_id
        AND g.client_id = NEW.client_id) THEN
    RAISE check_violation USING MESSAGE =
      'a key is taken back by its own side, and what it held is in force no more',
      CONSTRAINT = 'goal_key_taken_back';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER key_taken_back BEFORE INSERT ON goals_goalmove
  FOR EACH ROW WHEN (NEW.agreement_id IS NOT NULL)
  EXECUTE FUNCTION app.key_taken_back();
"""
NO_KEYS = """
DROP TRIGGER key_taken_back ON goals_goalmove;
DROP FUNCTION app.key_taken_back();
DROP TRIGGER both_keys ON goals_goal;
DROP FUNCTION app.both_keys();
"""
# No strength without its moment: an empty text is sealed as nothing.
WORDS = """
ALTER TABLE goals_strength ADD CONSTRAINT strength_has_its_moment
  CHECK (octet_length(name) > 0 AND octet_length(moment) > 0);
ALTER TABLE goals_win ADD CONSTRAINT win_has_words CHECK (octet_length(words) > 0);
"""
NO_WORDS = """
ALTER TABLE goals_win DROP CONSTRAINT win_has_words;
ALTER TABLE goals_strength DROP CONSTRAINT strength_has_its_moment;
"""
BY_ME = f"by_id = {ME} AND {OWN_SIDE}"
# The client's own stands at once; the therapist's waits, and rewords nobody's.
PROPOSES = f"""proposed_by_id = {ME} AND CASE side
  WHEN 'client' THEN {SELF_WRITES} AND state = 'accepted'
  WHEN 'therapist' THEN {WRITES} AND state = 'proposed' AND rewords_id IS NULL
  ELSE false END"""
# One's own answer, and the other side's once both have answered.
ANSWERS = f"""
  ({SELF} AND (side = 'client' OR app.both_answered(review_id)))
  OR ({READS} AND (side = 'therapist' OR app.both_answered(review_id)))"""
UNDONE = "app.refuse_all_but_undo"  # with the import that brought them


class Migration(migrations.Migration):
    dependencies = [
        ("goals", "0001_initial"),
        ("appointments", "0002_row_security"),
    ]

    operations = [
        migrations.RunSQL(ANSWERED, "DROP FUNCTION app.both_answered(uuid)"),
        SecureRows(
            "goal",
            read=TEAM_OR_CLIENT,
            insert=EITHER_SIDE,
            update=Update(
                ["in_force", "in_force_at", "latest", "closed_at", "waits_for",
                 "differs_since", "review_on", "review", "ended_as"],
                EITHER_SIDE,
            ),
        ),
        SecureRows(
            "goalversion",
            read=TEAM_OR_CLIENT,
            insert=f"proposed_by_id = {ME} AND {OWN_SIDE}",
            append_only=UNDONE,
        ),
        SecureRows(
            "agreement", read=TEAM_OR_CLIENT, insert=BY_ME, append_only=UNDONE
        ),
        SecureRows(
            "goalrating", read=TEAM_OR_CLIENT, insert=BY_ME, append_only=UNDONE
        ),
        SecureRows(
            "step",
            read=TEAM_OR_CLIENT,
            insert=f"added_by_id = {ME} AND {EITHER_SIDE}",
            update=Update(
                ["words", "position", "reached_at", "reached_by", "dropped_at"],
                EITHER_SIDE,
            ),
        ),
        SecureRows("goalmove", read=TEAM_OR_CLIENT, insert=BY_ME, append_only=True),
        SecureRows(
            "review",
            read=TEAM_OR_CLIENT,
            insert=f"opened_by_id = {ME} AND {EITHER_SIDE}",
            update=Update(
                ["client_at", "therapist_at", "closed_at", "decision"], EITHER_SIDE
            ),
        ),
        SecureRows("reviewanswer", read=ANSWERS, insert=BY_ME, append_only=True),
        SecureRows(
            "comment",
            read=TEAM_OR_CLIENT,
            insert=BY_ME,
            update=Update(
                ["discussed_on", "discussed_by", "changed"],
                EITHER_SIDE,
                f"{EITHER_SIDE} AND discussed_by_id = {ME}",
            ),
        ),
        SecureRows(
            "goallink",
            read=TEAM_OR_CLIENT,
            insert=BY_ME,
            update=Update(["ended_at"], EITHER_SIDE),
        ),
        SecureRows("goalscore", read=TEAM_OR_CLIENT, insert=BY_ME, append_only=True),
        # Only whose strength it is says whether it is one.
        SecureRows(
            "strength",
            read=TEAM_OR_CLIENT,
            insert=PROPOSES,
            update=Update(["state", "answered_at"], SELF_WRITES),
        ),
        SecureRows(
            "strengthlink",
            read=TEAM_OR_CLIENT,
            insert=BY_ME,
            update=Update(["ended_at"], EITHER_SIDE),
        ),
        SecureRows(
            "win",
            read=TEAM_OR_CLIENT,
            insert=BY_ME,
            update=Update(["withdrawn_at"], BY_ME),
        ),
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(WORDS, NO_WORDS),
    ]  # fmt: skip
