from django.urls import path

from appointments import views

urlpatterns = [
    path("clients/<uuid:client_id>/book/", views.session_add, name="session-add"),
    path("sessions/<uuid:session_id>/move/", views.session_move, name="session-move"),
    path(
        "sessions/<uuid:session_id>/cancel/",
        views.session_cancel,
        name="session-cancel",
    ),
    path(
        "sessions/<uuid:session_id>/missed/",
        views.session_missed,
        name="session-missed",
    ),
    path(
        "sessions/<uuid:session_id>/restore/",
        views.session_restore,
        name="session-restore",
    ),
]
