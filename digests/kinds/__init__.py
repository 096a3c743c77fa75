"""All kinds of email, in the order of the email log.

Each kind is one module: its text, when it is due and whether it may be sent.
"""

from __future__ import annotations

from digests.kinds.account_changed import AccountChanged
from digests.kinds.account_exists import AccountExists
from digests.kinds.address_confirm import AddressConfirm
from digests.kinds.base import Kind, PlannedKind
from digests.kinds.care_role_question import CareRoleQuestion
from digests.kinds.care_team import CareTeam
from digests.kinds.client_digest import ClientDigest
from digests.kinds.emergency_access import EmergencyAccess
from digests.kinds.emergency_client import EmergencyClient
from digests.kinds.invitation import InvitationEmail
from digests.kinds.new_device import NewDevice
from digests.kinds.password_reset import PasswordReset
from digests.kinds.reminder import Reminder
from digests.kinds.sign_in_reset import SignInReset
from digests.kinds.therapist_digest import TherapistDigest

EVERY: tuple[Kind, ...] = (
    InvitationEmail(),
    PasswordReset(),
    SignInReset(),
    AccountExists(),
    AddressConfirm(),
    AccountChanged(),
    NewDevice(),
    EmergencyAccess(),
    EmergencyClient(),
    CareTeam(),
    CareRoleQuestion(),
    Reminder(),
    TherapistDigest(),
    ClientDigest(),
)
BY_NAME = {kind.name: kind for kind in EVERY}
PLANNED = [kind for kind in EVERY if isinstance(kind, PlannedKind)]
