"""The web writes the columns that a verb changes, and no key, no practice, no author."""

from django.db import migrations

MAY_CHANGE = {
    "clients_client": (
        "user_id, preferred_name, family_name, name_key, pronouns, email, phone,"
        " emergency_name, emergency_phone, wants_portal, state, discharged_at, version"
    ),
    "clients_clientbackground": "presenting_concern",
    "clients_contactcharter": (
        "reminders, reminder_lead_hours, weekly_digest, paused_until, celebrates"
    ),
    "clients_draft": "body, revision, saved_at",
}


class Migration(migrations.Migration):
    dependencies = [("clients", "0012_emergencies_after_30_days")]

    operations = [
        migrations.RunSQL(
            f"REVOKE UPDATE ON {table} FROM cairn_web;"
            f" GRANT UPDATE ({columns}) ON {table} TO cairn_web;",
            f"REVOKE UPDATE ({columns}) ON {table} FROM cairn_web;"
            f" GRANT UPDATE ON {table} TO cairn_web;",
        )
        for table, columns in MAY_CHANGE.items()
    ]
