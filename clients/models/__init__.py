from clients.models.care import CareRole
from clients.models.care_request import CareRoleRequest
from clients.models.client import Client, ClientBackground
from clients.models.contact import ContactPreferences
from clients.models.contact_wish import ContactWish, Wish
from clients.models.correction import Correction
from clients.models.draft import Draft
from clients.models.emergency import EmergencyReason
from clients.models.notice import Notice
from clients.models.row import ClientRow, ClientRowQuerySet
from clients.models.signal import Signal
from clients.models.supervision import SupervisionComment

__all__ = [
    "CareRole",
    "CareRoleRequest",
    "Client",
    "ClientBackground",
    "ClientRow",
    "ClientRowQuerySet",
    "ContactPreferences",
    "ContactWish",
    "Correction",
    "Draft",
    "EmergencyReason",
    "Notice",
    "Signal",
    "SupervisionComment",
    "Wish",
]
