"""Fields that store and look up names and email addresses in a normalized form."""

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from ui import email_addresses, names, text


def address_typed(said: str) -> str:
    """The address that a form makes of the input, valid or not."""
    return email_addresses.normalize(text.one_line(said.strip()))


class EmailAddressFormField(forms.EmailField):
    """Accepts any spelling of an address and shows its readable form again."""

    default_validators = [email_addresses.validate]

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)

    def to_python(self, value):
        return address_typed(super().to_python(value))

    def prepare_value(self, value):
        return email_addresses.readable(value) if isinstance(value, str) else value


class EmailAddressField(models.EmailField):
    """Stored and compared as returned by `email_addresses.normalize`."""

    default_validators = [email_addresses.validate]

    def to_python(self, value):
        value = super().to_python(value)
        return email_addresses.normalize(value) if isinstance(value, str) else value

    def pre_save(self, instance, add):
        value = self.to_python(super().pre_save(instance, add))
        setattr(instance, self.attname, value)
        return value

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": EmailAddressFormField, **kwargs})


class NameFormField(forms.CharField):
    def to_python(self, value):
        value = super().to_python(value)
        name = names.clean(value)
        if self.required and value and not name:
            raise ValidationError(
                _("Enter a name with at least one visible character."), code="invisible"
            )
        return name


class NameField(models.CharField):
    """Stored as `names.clean` returns it: one line, NFC, no invisible characters."""

    def to_python(self, value):
        value = super().to_python(value)
        return names.clean(value) if isinstance(value, str) else value

    def pre_save(self, instance, add):
        value = super().pre_save(instance, add)
        value = value if hasattr(value, "resolve_expression") else self.to_python(value)
        setattr(instance, self.attname, value)
        return value

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": NameFormField, **kwargs})


class NameKeyField(models.TextField):
    """`names.name_key` of the fields `of`, saved together with them; see `HasNameKey`.

    Sorted by code point (collation "C"): the same on every server, whatever its locale.
    """

    # The database default is for the previous release during an upgrade. Reading it
    # back would select a row that its writer may not see yet.
    db_returning = False

    def __init__(self, *args, of=(), **kwargs):
        self.of = of
        kwargs |= {"editable": False, "db_collation": "C"}
        kwargs |= {"default": "", "db_default": ""}
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("editable", "db_collation", "default", "db_default"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs | {"of": self.of}

    def key_of(self, instance) -> str:
        return names.name_key(" ".join(getattr(instance, name) for name in self.of))

    def pre_save(self, instance, add):
        setattr(instance, self.attname, self.key_of(instance))
        return getattr(instance, self.attname)


class HasNameKey(models.Model):
    """Updates `name_key` whenever a name is saved.

    A queryset's update() must set it too: see `with_key`.
    """

    class Meta:
        abstract = True

    def save(self, *args, update_fields=None, **kwargs):
        key = self._meta.get_field("name_key")
        if update_fields is not None and set(key.of) & set(update_fields):
            update_fields = {*update_fields, "name_key"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def with_key(self, fields: dict) -> dict:
        """Arguments for update() that keep `fields` and the key consistent."""
        key = self._meta.get_field("name_key")
        if not set(key.of) & set(fields):
            return fields
        return fields | {"name_key": key.key_of(self)}
