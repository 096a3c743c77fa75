from accounts.models.audit_event import AuditEvent, AuditSeal
from accounts.models.cache_entry import CacheEntry
from accounts.models.data_key import DataKey
from accounts.models.outgoing_email import NotSent, OutgoingEmail
from accounts.models.people import Credential, Invitation, User
from accounts.models.practice import CrisisLine, Heartbeat, Practice
from accounts.models.reset_request import ResetRequest
from accounts.models.sign_in import AddressChange, KnownDevice, SignIn
from accounts.models.tries import Tries

__all__ = [
    "AddressChange",
    "AuditEvent",
    "AuditSeal",
    "CacheEntry",
    "Credential",
    "CrisisLine",
    "DataKey",
    "Heartbeat",
    "Invitation",
    "KnownDevice",
    "NotSent",
    "OutgoingEmail",
    "Practice",
    "ResetRequest",
    "SignIn",
    "Tries",
    "User",
]
