"""Founds a practice and prints the link with which its first admin comes in.

manage.py create_practice "Harbour Practice" ada@harbour.example
"""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify

from accounts import encryption, invitations
from accounts.models import Practice, User
from database.identity import acting_as
from ui import email_addresses


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("admin_email")
        parser.add_argument("--time-zone", default="Europe/London")

    def handle(self, *, name, admin_email, time_zone, **options):
        admin_email = email_addresses.normalize(admin_email)
        email_addresses.validate(admin_email)
        if User.objects.filter(email=admin_email).exists():
            raise CommandError(f"{admin_email} already has an account.")
        with transaction.atomic():
            invitation = self.found(name, admin_email, time_zone)
        path = reverse("join-link", args=[invitations.token(invitation.pk)])
        self.stdout.write(f"{settings.SITE_URL}{path}")
        self.stdout.write("The link works once, within 72 hours.")

    def found(self, name, admin_email, time_zone):
        practice = Practice(name=name, slug=self.free_slug(name), time_zone=time_zone)
        practice.full_clean(exclude=["slug"])
        practice.save(force_insert=True)
        admin = User.objects.create_user(
            admin_email,
            practice=practice,
            name=admin_email.split("@")[0],
            time_zone=time_zone,
            is_admin=True,
        )
        with acting_as(admin.pk):
            encryption.make_practice_key(practice.pk)
            return invitations.invite(admin, by=admin)

    def free_slug(self, name) -> str:
        slug = slugify(name)[:50] or "practice"
        taken = set(Practice.objects.values_list("slug", flat=True))
        return next(
            each
            for each in [slug, *(f"{slug}-{n}" for n in range(2, 1000))]
            if each not in taken
        )
