"""Names get a key to compare and sort by; names and addresses one spelling."""

from django.db import migrations

import accounts.fields
from ui import email_addresses, names


def spell(apps, schema_editor):
    """What was written before; an address that another account has stays as it is."""
    people = apps.get_model("accounts", "User").objects
    taken = set(people.values_list("email", flat=True))
    for person in people.only("name", "email").iterator():
        address = email_addresses.normalize(person.email)
        if address != person.email and address not in taken:
            taken.add(address)
            people.filter(pk=person.pk).update(email=address)
        name = names.clean(person.name) or person.name
        people.filter(pk=person.pk).update(name=name, name_key=names.name_key(name))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_can_change"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=accounts.fields.NameKeyField(of=("name",)),
        ),
        migrations.AlterField(
            model_name="addresschange",
            name="email",
            field=accounts.fields.EmailAddressField(max_length=254),
        ),
        migrations.AlterField(
            model_name="crisisline",
            name="name",
            field=accounts.fields.NameField(max_length=120, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="practice",
            name="name",
            field=accounts.fields.NameField(max_length=120, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.fields.EmailAddressField(
                max_length=254, unique=True, verbose_name="e-mail"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="name",
            field=accounts.fields.NameField(max_length=120, verbose_name="name"),
        ),
        migrations.RunPython(spell, migrations.RunPython.noop),
    ]
