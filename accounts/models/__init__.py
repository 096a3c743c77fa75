from accounts.models.audit_event import AuditEvent, AuditSeal
from accounts.models.data_key import DataKey
from accounts.models.message import Message, NotSent
from accounts.models.people import Invitation, User
from accounts.models.practice import CrisisLine, Heartbeat, Practice
from accounts.models.sign_in import AddressChange, KnownDevice, SignIn
from accounts.models.tries import Tries
from accounts.models.way_back import WayBack

__all__ = [
    "AddressChange",
    "AuditEvent",
    "AuditSeal",
    "CrisisLine",
    "DataKey",
    "Heartbeat",
    "Invitation",
    "KnownDevice",
    "Message",
    "NotSent",
    "Practice",
    "SignIn",
    "Tries",
    "User",
    "WayBack",
]
