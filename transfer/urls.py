from django.urls import path

from clients.sides import for_therapist
from transfer import export_views, import_views

# URL part, name and view: the same for both sides of an import.
IMPORTS = [
    ("", "", import_views.begin),
    ("sample/", "-sample", import_views.sample),
    ("<uuid:import_id>/", "-look", import_views.look),
    ("<uuid:import_id>/lines/", "-lines", import_views.lines),
    ("<uuid:import_id>/names/", "-names", import_views.names),
    ("<uuid:import_id>/undo/", "-undo", import_views.undo),
    ("<uuid:import_id>/stop/", "-stop", import_views.stop),
]
urlpatterns = [
    *(
        path(
            f"caseload/import/{part}",
            import_views.by_therapist(view),
            name=f"caseload-import{name}",
        )
        for part, name, view in IMPORTS
    ),
    *(
        path(
            f"people/import/{part}",
            import_views.by_admin(view),
            name=f"people-import{name}",
        )
        for part, name, view in IMPORTS
    ),
    path(
        "clients/<uuid:client_id>/record/",
        for_therapist(export_views.record),
        name="client-record",
    ),
    *(
        path(
            f"clients/<uuid:client_id>/record/<uuid:export_id>/{kind}/",
            for_therapist(export_views.record_file),
            {"kind": kind},
            name=f"client-record-{kind}",
        )
        for kind in export_views.KINDS
    ),
]
