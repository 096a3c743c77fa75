from django.urls import path

from clients import (
    audit_views,
    care_views,
    emergency_views,
    notice_views,
    person_views,
    resetting_views,
    views,
)

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/invite/", views.person_invite, name="person-invite"),
    path("people/<uuid:person_id>/", person_views.person, name="person"),
    path(
        "people/<uuid:person_id>/reopen/",
        person_views.person_reopen,
        name="person-reopen",
    ),
    path(
        "people/<uuid:person_id>/invite/", views.person_reinvite, name="person-reinvite"
    ),
    path(
        "people/<uuid:person_id>/reset/",
        resetting_views.sign_in_reset,
        name="sign-in-reset",
    ),
    path(
        "invitations/<uuid:invitation_id>/revoke/",
        views.invitation_revoke,
        name="invitation-revoke",
    ),
    path("care-roles/", views.care_roles, name="care-roles"),
    path("care-roles/bring/", views.client_bring, name="client-bring"),
    path("audit/", audit_views.audit_trail, name="audit"),
    path("audit/csv/", audit_views.audit_csv, name="audit-csv"),
    path("care-roles/<uuid:client_id>/", care_views.client_care, name="client-care"),
    path(
        "care-roles/<uuid:role_id>/end/",
        care_views.care_role_end,
        name="care-role-end",
    ),
    path(
        "care-roles/requests/<uuid:request_id>/withdraw/",
        care_views.care_request_withdraw,
        name="care-request-withdraw",
    ),
    path(
        "notices/<uuid:notice_id>/seen/",
        notice_views.notice_seen,
        name="notice-seen",
    ),
    path("emergency/", emergency_views.emergency, name="emergency"),
    path(
        "emergency/<uuid:reason_id>/seen/",
        emergency_views.emergency_seen,
        name="emergency-seen",
    ),
    path("clients/add/", views.client_add, name="client-add"),
    path("clients/<uuid:client_id>/edit/", views.client_edit, name="client-edit"),
    path("clients/<uuid:client_id>/invite/", views.client_invite, name="client-invite"),
    path(
        "drafts/<uuid:client_id>/<str:kind>/<uuid:target>/",
        views.draft_keep,
        name="draft-keep",
    ),
]
