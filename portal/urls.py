from django.urls import path

from goals.strengths import views as goal_strength_views
from overview import timeline_views
from portal import (
    access_log_views,
    contact_views,
    home_views,
    leave_views,
    rights_views,
    session_views,
    strength_views,
)
from portal.goal_urls import urlpatterns as goal_urls
from portal.state import for_client
from transfer import export_views

urlpatterns = [
    path("", home_views.home, name="portal-home"),
    path("more/", home_views.more, name="portal-more"),
    path(
        "practice/<uuid:assignment_id>/say/",
        home_views.practice_say,
        name="portal-practice-say",
    ),
    *goal_urls,
    path("sessions/", session_views.sessions, name="portal-sessions"),
    path(
        "sessions/<uuid:session_id>/",
        session_views.session_detail,
        name="portal-session",
    ),
    path("progress/", for_client(timeline_views.progress), name="portal-progress"),
    path("journey/", for_client(timeline_views.journey), name="portal-journey"),
    path(
        "journey/print/",
        for_client(timeline_views.journey),
        {"verb": "printed"},
        name="portal-journey-print",
    ),
    path("strengths/", strength_views.strengths, name="portal-strengths"),
    path("strengths/add/", strength_views.strength_add, name="portal-strength-add"),
    path(
        "strengths/<uuid:strength_id>/reword/",
        strength_views.strength_reword,
        name="portal-strength-reword",
    ),
    path(
        "strengths/<uuid:strength_id>/answer/",
        strength_views.strength_answer,
        name="portal-strength-answer",
    ),
    path(
        "strengths/<uuid:strength_id>/unanswer/",
        strength_views.strength_unanswer,
        name="portal-strength-unanswer",
    ),
    path(
        "strengths/<uuid:strength_id>/goals/",
        for_client(goal_strength_views.strength_goals),
        name="portal-strength-goals",
    ),
    path("wins/", strength_views.win_add, name="portal-win-add"),
    path(
        "wins/<uuid:win_id>/withdraw/",
        for_client(goal_strength_views.win_withdraw),
        name="portal-win-withdraw",
    ),
    path(
        "wins/<uuid:win_id>/restore/",
        for_client(goal_strength_views.win_restore),
        name="portal-win-restore",
    ),
    path("celebration/", strength_views.celebration, name="portal-celebration"),
    path("looked/", access_log_views.looked, name="portal-looked"),
    path("record/", for_client(export_views.record), name="portal-record"),
    *(
        path(
            f"record/<uuid:export_id>/{kind}/",
            for_client(export_views.record_file),
            {"kind": kind},
            name=f"portal-record-{kind}",
        )
        for kind in export_views.KINDS
    ),
    path("corrections/", rights_views.corrections, name="portal-corrections"),
    path("close/", rights_views.account_close, name="portal-account-close"),
    path("closed/", rights_views.account_closed, name="portal-account-closed"),
    path("contact/", contact_views.contact, name="portal-contact"),
    path("leave/", leave_views.leave, name="leave"),
]
