from django.urls import path

from accounts import account_views, factor_views, practice_views, sign_in_again, views

urlpatterns = [
    path("", views.start, name="start"),
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/second/", factor_views.second_step_asked, name="mfa_authenticate"),
    path("sign-in/passkey/", factor_views.passkey_sign_in, name="mfa_login_webauthn"),
    path("sign-in/here/", sign_in_again.sign_in_here, name="sign-in-here"),
    path("handed-over/", views.handed_over, name="handed-over"),
    path("handed-over/done/", views.handed_back, name="handed-back"),
    path("stay/", account_views.stay, name="stay"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("prove/", views.prove, name="prove"),
    path("reset/", views.forgotten_password, name="account_reset_password"),
    path(
        "reset/sent/", views.forgotten_password_done, name="account_reset_password_done"
    ),
    path("reset/<uidb64>/<token>/", views.new_password, name="password-new"),
    path("join/", views.join, name="join"),
    path("join/<str:token>/", views.join_link, name="join-link"),
    path(
        ".well-known/change-password",
        account_views.well_known_password,
        name="well-known-password",
    ),
    path("settings/", account_views.own_settings, name="settings"),
    path("settings/password/", account_views.password_change, name="password-change"),
    path("settings/address/", account_views.address_change, name="address-change"),
    path("address/", account_views.address_confirm, name="address-confirm"),
    path("address/<str:token>/", account_views.address_link, name="address-link"),
    path("settings/second-step/", factor_views.second_step, name="second-step"),
    path("settings/passkey/", factor_views.passkey_add, name="passkey-add"),
    path("settings/codes/", factor_views.recovery_codes, name="recovery-codes"),
    path(
        "settings/codes/anew/",
        factor_views.recovery_codes_anew,
        name="recovery-codes-anew",
    ),
    path(
        "settings/ways/<int:factor_id>/remove/",
        factor_views.way_remove,
        name="way-remove",
    ),
    path(
        "settings/sign-ins/<uuid:public_id>/end/",
        account_views.sign_in_end,
        name="sign-in-end",
    ),
    path("settings/initials/", account_views.initials, name="initials"),
    path("settings/sign-ins/end/", account_views.sign_ins_end, name="sign-ins-end"),
    path("practice/", practice_views.practice, name="practice"),
    path("practice/notice/", practice_views.notice_write, name="notice-write"),
    path("practice/lines/add/", practice_views.line_add, name="line-add"),
    path("practice/lines/<uuid:line_id>/", practice_views.line_edit, name="line-edit"),
    path("practice/lines/<uuid:line_id>/up/", practice_views.line_up, name="line-up"),
    path(
        "practice/lines/<uuid:line_id>/remove/",
        practice_views.line_remove,
        name="line-remove",
    ),
    path("help/", views.help_now, name="help-now"),
    path("help/<slug:slug>/", views.help_now, name="help-now-of"),
]
