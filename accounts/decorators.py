"""Every view declares its audience with one of these decorators, as the outermost one.

Anyone else gets a 404, the same as for an address that does not exist.
"""

from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.views.decorators.http import require_http_methods

# Other HTTP methods would bypass the checks made for GET and POST.
ASKED = require_http_methods(["GET", "HEAD", "POST"])


def _audience(name, belongs):
    def decorator(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not belongs(request.user):
                raise Http404
            answer = usual(request, *args, **kwargs)
            if not 300 <= answer.status_code < 400:
                for act in getattr(request, "if_a_page", ()):
                    act()
            return answer

        usual = ASKED(view)
        guarded.audience = name
        return guarded

    return decorator


def if_a_page(request, act) -> None:
    """Run a function after the view, in its transaction, unless the view redirects."""
    request.if_a_page = [*getattr(request, "if_a_page", ()), act]


therapist_required = _audience("therapist", lambda user: user.is_therapist)
admin_required = _audience("admin", lambda user: user.is_admin)
staff_required = _audience("staff", lambda user: user.is_staff_member)
client_required = _audience("client", lambda user: user.is_client)
signed_in_required = _audience("signed in", lambda user: user.is_authenticated)


def for_everyone(view):
    """Also for visitors who are not signed in."""

    @wraps(view)
    def open_view(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    open_view.audience = "everyone"
    return login_not_required(open_view)
