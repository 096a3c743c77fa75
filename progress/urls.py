from django.urls import path

from progress import (
    import_views,
    note_views,
    record_views,
    session_views,
    signing_views,
    strength_views,
)

urlpatterns = [
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
