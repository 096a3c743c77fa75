"""What happens after a sign-in: records, notices and limits."""

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, device_handover, devices, reauthentication, sessions
from accounts.models import OutgoingEmail, SignIn
from accounts.places import network_of
from accounts.sessions import FACTOR
from database.identity import acting_as, leave

audit.verb("signed in", audit.Sort.SIGN_IN, gettext_lazy("Signed in"))
audit.verb("signed out", audit.Sort.SIGN_IN, gettext_lazy("Signed out"))
audit.verb("sign-in ended", audit.Sort.SIGN_IN, gettext_lazy("Signed out of a device"))

SHARED = "shared"  # in the session between first and second step
# also in the session: the user's version of sign-in methods then
FIRST_STEP = "first_step"


def way_of(request, user) -> str:
    """How they signed in: "password", "totp", "webauthn" or "recovery_codes"."""
    records = get_authentication_records(request, user)
    steps = [record["type"] for record in records if record["method"] == "mfa"]
    return steps[-1] if steps else "password"


def first_step_taken(request, user) -> None:
    """Record a correct password; valid until a sign-in method changes."""
    request.session[FIRST_STEP] = user.get_session_auth_hash()


def first_step_holds(request, user) -> bool:
    said = request.session.get(FIRST_STEP, "")
    return constant_time_compare(said, user.get_session_auth_hash())


@receiver(user_logged_in)
def begin(sender, request, user, **kwargs):
    if not user.is_active:
        return
    way, shared = way_of(request, user), bool(request.session.pop(SHARED, False))
    request.session.pop(FIRST_STEP, None)
    if device_handover.is_for(request, user):
        shared = True
    else:
        request.session.pop(device_handover.HANDED, None)
    if way != "password":
        request.session[FACTOR] = way
    request.session[sessions.SIGN_IN] = {
        "begun_at": timezone.now().isoformat(),
        "idle": sessions.idle_time(user, shared=shared).total_seconds(),
        "most": sessions.longest(user).total_seconds(),
        "shared": shared,
        "way": way,
        "agent": devices.in_words(request.META.get("HTTP_USER_AGENT", ""))[:80],
        "address": request.META.get("REMOTE_ADDR") or None,
    }
    reauthentication.proved(request)
    with acting_as(user.pk), transaction.atomic():
        audit.record("signed in", about=user, way=way, shared=int(shared))
        if not shared:
            if new := devices.remember(request, user):
                tell(user, "new-device", f"device:{new.pk}")
        elif user.devices.exists():
            tell(user, "new-device", _on_a_shared_one(request))
        if _end_the_oldest(user):
            said = _(
                "You were signed in on too many devices; the oldest was signed out."
            )
            messages.info(request, said, fail_silently=True)


def _on_a_shared_one(request) -> str:
    """Once per day, place and browser: a stranger's sign-in is never hidden."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    said = f"{network_of(request.META.get('REMOTE_ADDR', ''))}\n{agent}"
    where = salted_hmac("cairn.shared-device", said, algorithm="sha256").hexdigest()
    return f"shared:{timezone.now():%Y-%m-%d}:{where[:32]}"


def _end_the_oldest(user) -> bool:
    """Enforce the maximum number of sign-ins; the one beginning has no row yet."""
    mine = SignIn.objects.filter(user=user).order_by("-begun_at", "-pk")
    surplus = list(mine.values_list("pk", flat=True)[SignIn.AT_ONCE - 1 :])
    if surplus:
        SignIn.objects.filter(pk__in=surplus).delete()
        audit.record("sign-in ended", about=user, ended=len(surplus))
    return bool(surplus)


def tell(user, kind: str, period: str, address: str = "") -> bool:
    """Queue a notice about the user's own account: what happened, without details."""
    now = timezone.now()
    return OutgoingEmail.queue(
        user,
        kind,
        period,
        due_at=now,
        not_after=now + timezone.timedelta(days=2),
        address=address,
    )


@receiver(user_logged_out)
def log_sign_out(sender, request, user, **kwargs):
    if user is not None:
        with acting_as(user.pk), transaction.atomic():
            audit.record("signed out", about=user)
    leave()
