from django.urls import path

from transfer import export_views, import_views

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
        export_views.client_record,
        name="client-record",
    ),
    *(
        path(
            f"clients/<uuid:client_id>/record/<uuid:export_id>/{kind}/",
            export_views.client_record_file,
            {"kind": kind},
            name=f"client-record-{kind}",
        )
        for kind in export_views.KINDS
    ),
]
