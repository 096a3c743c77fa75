from django.urls import path

from clients.sides import for_therapist
from overview import handover_views, remark_views, timeline_views, views

urlpatterns = [
    path("today/", views.today, name="today"),
    path("caseload/", views.caseload, name="caseload"),
    path("clients/<uuid:client_id>/", views.client_detail, name="client"),
    path(
        "clients/<uuid:client_id>/sessions/",
        views.client_sessions,
        name="client-sessions",
    ),
    path(
        "clients/<uuid:client_id>/progress/",
        for_therapist(timeline_views.progress),
        name="client-progress",
    ),
    path(
        "clients/<uuid:client_id>/journey/",
        for_therapist(timeline_views.journey),
        name="client-journey",
    ),
    path(
        "clients/<uuid:client_id>/journey/print/",
        for_therapist(timeline_views.journey),
        {"verb": "printed"},
        name="client-journey-print",
    ),
    path(
        "clients/<uuid:client_id>/comments/",
        remark_views.client_comment,
        name="client-comment",
    ),
    path(
        "clients/<uuid:client_id>/discharge/",
        views.client_discharge,
        name="client-discharge",
    ),
    path(
        "clients/<uuid:client_id>/take-back/",
        views.client_take_back,
        name="client-take-back",
    ),
    path(
        "sessions/<uuid:session_id>/comments/",
        remark_views.session_comment,
        name="session-comment",
    ),
    path(
        "comments/<uuid:comment_id>/read/",
        remark_views.comment_read,
        name="comment-read",
    ),
    path(
        "corrections/<uuid:correction_id>/",
        remark_views.correction_answer,
        name="correction-answer",
    ),
    path(
        "care-roles/<uuid:client_id>/hand-over/",
        handover_views.client_hand_over,
        name="client-hand-over",
    ),
    path(
        "care-roles/<uuid:client_id>/call-off/",
        handover_views.client_call_off,
        name="client-call-off",
    ),
    path(
        "care-roles/requests/<uuid:request_id>/confirm/",
        handover_views.care_request_confirm,
        name="care-request-confirm",
    ),
    path(
        "care-roles/requests/<uuid:request_id>/refuse/",
        handover_views.care_request_refuse,
        name="care-request-refuse",
    ),
    path(
        "people/<uuid:person_id>/leave/",
        handover_views.person_leave,
        name="person-leave",
    ),
]
