from django.urls import path

from goals import views
from goals.strengths import views as strength_views

GOAL = "goals/<uuid:goal_id>/"
# The address's part, and what it does.
STEPS = {"reached": "reach", "undo": "undo", "up": "up", "down": "down", "drop": "drop"}
urlpatterns = [
    path("clients/<uuid:client_id>/goals/add/", views.goal_add, name="goal-add"),
    path(GOAL, views.goal_detail, name="goal"),
    path(f"{GOAL}propose/", views.goal_propose, name="goal-propose"),
    path(f"{GOAL}agree/<int:number>/", views.goal_agree, name="goal-agree"),
    path(f"{GOAL}hand-over/", views.goal_hand_over, name="goal-hand-over"),
    path(f"{GOAL}decline/<int:number>/", views.goal_decline, name="goal-decline"),
    path(f"{GOAL}key-back/", views.goal_key_back, name="goal-key-back"),
    path(f"{GOAL}differ/", views.goal_differ, name="goal-differ"),
    path(f"{GOAL}differ/next/", views.goal_differ_next, name="goal-differ-next"),
    path(f"{GOAL}review/begin/", views.goal_review_begin, name="goal-review-begin"),
    path(f"{GOAL}review/", views.goal_review, name="goal-review"),
    path(f"{GOAL}reached/", views.goal_reached, name="goal-reached"),
    path(f"{GOAL}take-up/", views.goal_take_up, name="goal-take-up"),
    path(f"{GOAL}rate/", views.goal_rate, name="goal-rate"),
    path(f"{GOAL}numbers/", views.goal_numbers, name="goal-numbers"),
    path(f"{GOAL}steps/", views.step_add, name="step-add"),
    path(f"{GOAL}comments/", views.goal_comment, name="goal-comment"),
    path(f"{GOAL}links/", views.goal_link, name="goal-link"),
    path(
        "ratings/<uuid:rating_id>/withdraw/",
        views.rating_withdraw,
        name="rating-withdraw",
    ),
    path("links/<uuid:link_id>/end/", views.link_end, name="link-end"),
    path(
        "goal-comments/<uuid:said_id>/talked/",
        views.comment_talked,
        name="comment-talked",
    ),
    *(
        path(
            f"steps/<uuid:step_id>/{part}/",
            views.step_do,
            {"verb": verb},
            name=f"step-{verb}",
        )
        for part, verb in STEPS.items()
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
]
