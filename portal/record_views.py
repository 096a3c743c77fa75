"""A copy of one's own record, at any time."""

from django.views.decorators.http import require_safe

from accounts.reauthentication import fresh_proof_required
from portal.own import own_client
from portal.state import client_required
from transfer.export_views import CLIENTS, record, record_file


@client_required
@fresh_proof_required
def own_record(request):
    return record(request, own_client(request.user), CLIENTS, request.path)


@client_required
@require_safe
@fresh_proof_required
def own_record_file(request, export_id, kind):
    return record_file(request, own_client(request.user), export_id, kind)
