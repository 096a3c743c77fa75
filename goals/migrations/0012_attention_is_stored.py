"""The function that worked out what asks for attention gives way to stored rows.

`clients.Signal` holds them; what other functions still read of these tables stays
granted to their owner.
"""

from importlib import import_module

from django.db import migrations

before = import_module("goals.migrations.0011_attention")

READ_NO_MORE = {
    "goals_goal": "in_force_at, review_id, review_on, differs_since, ended_as",
    "goals_comment": before.SEEN["goals_comment"],
    "goals_goalrating": "id, goal_id, at, value, side, withdraws_id",
    "goals_step": before.SEEN["goals_step"],
    "goals_goalmove": before.SEEN["goals_goalmove"],
    "goals_review": before.SEEN["goals_review"],
    "goals_reviewanswer": before.SEEN["goals_reviewanswer"],
    "clients_contactcharter": "celebrates",
    "goals_strength": "id, state, at",
}
# Whether a record is empty, and what waits in it, is still read of these.
STILL_READ = ("goals_goal", "goals_strength")
NOT_READ = "".join(
    f"REVOKE SELECT ({columns}) ON {table} FROM cairn_acl;"
    + ("" if table in STILL_READ else f"DROP POLICY acl ON {table};")
    for table, columns in READ_NO_MORE.items()
)
READ = "".join(
    f"GRANT SELECT ({columns}) ON {table} TO cairn_acl;"
    + (
        ""
        if table in STILL_READ
        else f"CREATE POLICY acl ON {table} FOR SELECT TO cairn_acl USING (true);"
    )
    for table, columns in READ_NO_MORE.items()
)


class Migration(migrations.Migration):
    dependencies = [("goals", "0011_attention"), ("clients", "0014_signals")]

    operations = [migrations.RunSQL([before.NO_WATCH, NOT_READ], [READ, before.WATCH])]
