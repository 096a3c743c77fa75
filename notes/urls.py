from django.urls import path

from notes import autosave_views, signed_note_views, signing_views, views

urlpatterns = [
    path("sessions/<uuid:session_id>/", views.session_detail, name="session"),
    path(
        "sessions/<uuid:session_id>/note/", autosave_views.note_keep, name="note-keep"
    ),
    path(
        "sessions/<uuid:session_id>/add/", signed_note_views.note_add, name="note-add"
    ),
    path(
        "sessions/<uuid:session_id>/print/",
        signed_note_views.note_print,
        name="note-print",
    ),
    path(
        "sessions/<uuid:session_id>/take-over/",
        signed_note_views.note_take_over,
        name="note-take-over",
    ),
    path(
        "sessions/<uuid:session_id>/begin-anew/",
        signed_note_views.note_take_over,
        {"anew": True},
        name="note-begin-anew",
    ),
    path(
        "sessions/<uuid:session_id>/unsign/",
        signing_views.note_unsign,
        name="note-unsign",
    ),
    path("sessions/<uuid:session_id>/hold/", views.note_hold, name="note-hold"),
    path("sessions/<uuid:session_id>/show/", views.note_show, name="note-show"),
]
