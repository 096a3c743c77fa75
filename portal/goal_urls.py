from django.urls import path

from goals.urls import STEPS
from portal import goal_views as views

GOAL = "goals/<uuid:goal_id>/"
urlpatterns = [
    path("goals/", views.goals, name="portal-goals"),
    path("goals/add/", views.goal_add, name="portal-goal-add"),
    path(GOAL, views.goal_detail, name="portal-goal"),
    path(f"{GOAL}propose/", views.goal_propose, name="portal-goal-propose"),
    path(f"{GOAL}agree/<int:number>/", views.goal_agree, name="portal-goal-agree"),
    path(
        f"{GOAL}decline/<int:number>/", views.goal_decline, name="portal-goal-decline"
    ),
    path(f"{GOAL}here/", views.goal_here, name="portal-goal-here"),
    path(f"{GOAL}key-back/", views.goal_key_back, name="portal-goal-key-back"),
    path(f"{GOAL}differ/", views.goal_differ, name="portal-goal-differ"),
    path(f"{GOAL}differ/next/", views.goal_differ_next, name="portal-goal-differ-next"),
    path(
        f"{GOAL}review/begin/", views.goal_review_begin, name="portal-goal-review-begin"
    ),
    path(f"{GOAL}review/", views.goal_review, name="portal-goal-review"),
    path(f"{GOAL}reached/", views.goal_reached, name="portal-goal-reached"),
    path(f"{GOAL}take-up/", views.goal_take_up, name="portal-goal-take-up"),
    path(f"{GOAL}rate/", views.goal_rate, name="portal-goal-rate"),
    path(f"{GOAL}numbers/", views.goal_numbers, name="portal-goal-numbers"),
    path(f"{GOAL}steps/", views.step_add, name="portal-step-add"),
    path(f"{GOAL}comments/", views.goal_comment, name="portal-goal-comment"),
    path(f"{GOAL}links/", views.goal_link, name="portal-goal-link"),
    path(
        "ratings/<uuid:rating_id>/withdraw/",
        views.rating_withdraw,
        name="portal-rating-withdraw",
    ),
    path("links/<uuid:link_id>/end/", views.link_end, name="portal-link-end"),
    path(
        "comments/<uuid:said_id>/talked/",
        views.comment_talked,
        name="portal-comment-talked",
    ),
    *(
        path(
            f"steps/<uuid:step_id>/{part}/",
            views.step_do,
            {"verb": verb},
            name=f"portal-step-{verb}",
        )
        for part, verb in STEPS.items()
    ),
]
