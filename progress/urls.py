from django.urls import path

from progress import (
    import_views,
    journey_views,
    note_views,
    record_views,
    remark_views,
    session_views,
    signing_views,
    strength_views,
    transfer_views,
    views,
)

urlpatterns = [
    path("today/", views.today, name="today"),
    path("caseload/", views.caseload, name="caseload"),
    path("caseload/import/", import_views.caseload_import, name="caseload-import"),
    path(
        "caseload/import/sample/",
        import_views.caseload_import_sample,
        name="caseload-import-sample",
    ),
    path(
        "caseload/import/<uuid:import_id>/",
        import_views.caseload_import_look,
        name="caseload-import-look",
    ),
    path(
        "caseload/import/<uuid:import_id>/lines/",
        import_views.caseload_import_lines,
        name="caseload-import-lines",
    ),
    path(
        "caseload/import/<uuid:import_id>/names/",
        import_views.caseload_import_names,
        name="caseload-import-names",
    ),
    path(
        "caseload/import/<uuid:import_id>/undo/",
        import_views.caseload_import_undo,
        name="caseload-import-undo",
    ),
    path(
        "caseload/import/<uuid:import_id>/stop/",
        import_views.caseload_import_stop,
        name="caseload-import-stop",
    ),
    path("people/import/", import_views.people_import, name="people-import"),
    path(
        "people/import/sample/",
        import_views.people_import_sample,
        name="people-import-sample",
    ),
    path(
        "people/import/<uuid:import_id>/",
        import_views.people_import_look,
        name="people-import-look",
    ),
    path(
        "people/import/<uuid:import_id>/lines/",
        import_views.people_import_lines,
        name="people-import-lines",
    ),
    path(
        "people/import/<uuid:import_id>/names/",
        import_views.people_import_names,
        name="people-import-names",
    ),
    path(
        "people/import/<uuid:import_id>/undo/",
        import_views.people_import_undo,
        name="people-import-undo",
    ),
    path(
        "people/import/<uuid:import_id>/stop/",
        import_views.people_import_stop,
        name="people-import-stop",
    ),
    path("clients/<uuid:client_id>/", views.client_detail, name="client"),
    path(
        "clients/<uuid:client_id>/sessions/",
        views.client_sessions,
        name="client-sessions",
    ),
    path(
        "clients/<uuid:client_id>/progress/",
        journey_views.client_progress,
        name="client-progress",
    ),
    path(
        "clients/<uuid:client_id>/journey/",
        journey_views.client_journey,
        name="client-journey",
    ),
    path(
        "clients/<uuid:client_id>/journey/print/",
        journey_views.client_journey_print,
        name="client-journey-print",
    ),
    path(
        "clients/<uuid:client_id>/record/",
        record_views.client_record,
        name="client-record",
    ),
    *(
        path(
            f"clients/<uuid:client_id>/record/<uuid:export_id>/{kind}/",
            record_views.client_record_file,
            {"kind": kind},
            name=f"client-record-{kind}",
        )
        for kind in record_views.KINDS
    ),
    path(
        "clients/<uuid:client_id>/strengths/",
        strength_views.client_strengths,
        name="client-strengths",
    ),
    path(
        "clients/<uuid:client_id>/strengths/add/",
        strength_views.strength_add,
        name="strength-add",
    ),
    path(
        "strengths/<uuid:strength_id>/goals/",
        strength_views.strength_goals,
        name="strength-goals",
    ),
    path("clients/<uuid:client_id>/wins/", strength_views.win_add, name="win-add"),
    path(
        "wins/<uuid:win_id>/withdraw/", strength_views.win_withdraw, name="win-withdraw"
    ),
    path("wins/<uuid:win_id>/restore/", strength_views.win_restore, name="win-restore"),
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
        transfer_views.client_hand_over,
        name="client-hand-over",
    ),
    path(
        "care-roles/<uuid:client_id>/call-off/",
        transfer_views.client_call_off,
        name="client-call-off",
    ),
    path(
        "care-roles/requests/<uuid:request_id>/confirm/",
        transfer_views.care_request_confirm,
        name="care-request-confirm",
    ),
    path(
        "care-roles/requests/<uuid:request_id>/refuse/",
        transfer_views.care_request_refuse,
        name="care-request-refuse",
    ),
    path(
        "people/<uuid:person_id>/leave/",
        transfer_views.person_leave,
        name="person-leave",
    ),
    path("sessions/<uuid:session_id>/", session_views.session_detail, name="session"),
    path("sessions/<uuid:session_id>/note/", session_views.note_keep, name="note-keep"),
    path("sessions/<uuid:session_id>/add/", note_views.note_add, name="note-add"),
    path("sessions/<uuid:session_id>/print/", note_views.note_print, name="note-print"),
    path(
        "sessions/<uuid:session_id>/take-over/",
        note_views.note_take_over,
        name="note-take-over",
    ),
    path(
        "sessions/<uuid:session_id>/begin-anew/",
        note_views.note_take_over,
        {"anew": True},
        name="note-begin-anew",
    ),
    path(
        "sessions/<uuid:session_id>/unsign/",
        signing_views.note_unsign,
        name="note-unsign",
    ),
    path("sessions/<uuid:session_id>/hold/", session_views.note_hold, name="note-hold"),
    path("sessions/<uuid:session_id>/show/", session_views.note_show, name="note-show"),
]
