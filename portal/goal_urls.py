from django.urls import path

from goals import acts, review_acts
from goals.urls import STEPS
from portal import goal_views as views
from portal.state import for_client

GOAL = "goals/<uuid:goal_id>/"
urlpatterns = [
    path("goals/", views.goals, name="portal-goals"),
    path("goals/add/", views.goal_add, name="portal-goal-add"),
    path(GOAL, views.goal_detail, name="portal-goal"),
    path(f"{GOAL}propose/", views.goal_propose, name="portal-goal-propose"),
    path(
        f"{GOAL}agree/<int:number>/", for_client(acts.agree), name="portal-goal-agree"
    ),
    path(
        f"{GOAL}decline/<int:number>/",
        for_client(acts.decline),
        name="portal-goal-decline",
    ),
    path(f"{GOAL}here/", views.goal_here, name="portal-goal-here"),
    path(
        f"{GOAL}key-back/", for_client(acts.take_key_back), name="portal-goal-key-back"
    ),
    path(f"{GOAL}differ/", for_client(acts.differ), name="portal-goal-differ"),
    path(
        f"{GOAL}differ/next/",
        for_client(acts.next_after_difference),
        name="portal-goal-differ-next",
    ),
    path(
        f"{GOAL}review/begin/",
        for_client(review_acts.review_begin),
        name="portal-goal-review-begin",
    ),
    path(f"{GOAL}review/", for_client(review_acts.review), name="portal-goal-review"),
    path(
        f"{GOAL}reached/", for_client(review_acts.reached), name="portal-goal-reached"
    ),
    path(
        f"{GOAL}take-up/", for_client(review_acts.take_up), name="portal-goal-take-up"
    ),
    path(f"{GOAL}rate/", for_client(acts.rate), name="portal-goal-rate"),
    path(f"{GOAL}numbers/", for_client(acts.numbers), name="portal-goal-numbers"),
    path(f"{GOAL}steps/", for_client(acts.step_add), name="portal-step-add"),
    path(f"{GOAL}comments/", for_client(acts.comment), name="portal-goal-comment"),
    path(f"{GOAL}links/", for_client(acts.link), name="portal-goal-link"),
    path(
        "ratings/<uuid:rating_id>/withdraw/",
        for_client(acts.rating_withdraw),
        name="portal-rating-withdraw",
    ),
    path(
        "links/<uuid:link_id>/end/", for_client(acts.link_end), name="portal-link-end"
    ),
    path(
        "comments/<uuid:said_id>/talked/",
        for_client(acts.comment_talked),
        name="portal-comment-talked",
    ),
    *(
        path(
            f"steps/<uuid:step_id>/{part}/",
            for_client(acts.step_do),
            {"verb": verb},
            name=f"portal-step-{verb}",
        )
        for part, verb in STEPS.items()
    ),
]
