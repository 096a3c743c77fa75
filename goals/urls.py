from django.urls import path
from django.views.decorators.http import require_safe

from clients.sides import for_therapist
from goals import acts, review_acts, views
from goals.strengths import views as strength_views

GOAL = "goals/<uuid:goal_id>/"
# URL part and action.
STEPS = {"reached": "reach", "undo": "undo", "up": "up", "down": "down", "drop": "drop"}
urlpatterns = [
    path("clients/<uuid:client_id>/goals/add/", views.goal_add, name="goal-add"),
    path(GOAL, views.goal_detail, name="goal"),
    path(f"{GOAL}propose/", views.goal_propose, name="goal-propose"),
    path(f"{GOAL}agree/<int:number>/", for_therapist(acts.agree), name="goal-agree"),
    path(f"{GOAL}hand-over/", views.goal_hand_over, name="goal-hand-over"),
    path(
        f"{GOAL}decline/<int:number>/", for_therapist(acts.decline), name="goal-decline"
    ),
    path(f"{GOAL}key-back/", for_therapist(acts.take_key_back), name="goal-key-back"),
    path(f"{GOAL}differ/", for_therapist(acts.differ), name="goal-differ"),
    path(
        f"{GOAL}differ/next/",
        for_therapist(acts.next_after_difference),
        name="goal-differ-next",
    ),
    path(
        f"{GOAL}review/begin/",
        for_therapist(review_acts.review_begin),
        name="goal-review-begin",
    ),
    path(f"{GOAL}review/", for_therapist(review_acts.review), name="goal-review"),
    path(
        f"{GOAL}reached/",
        for_therapist(require_safe(review_acts.reached)),
        name="goal-reached",
    ),
    path(f"{GOAL}take-up/", for_therapist(review_acts.take_up), name="goal-take-up"),
    path(f"{GOAL}rate/", for_therapist(acts.rate), name="goal-rate"),
    path(f"{GOAL}numbers/", for_therapist(acts.numbers), name="goal-numbers"),
    path(f"{GOAL}steps/", for_therapist(acts.step_add), name="step-add"),
    path(f"{GOAL}comments/", for_therapist(acts.comment), name="goal-comment"),
    path(f"{GOAL}links/", for_therapist(acts.link), name="goal-link"),
    path(
        "ratings/<uuid:rating_id>/withdraw/",
        for_therapist(acts.rating_withdraw),
        name="rating-withdraw",
    ),
    path("links/<uuid:link_id>/end/", for_therapist(acts.link_end), name="link-end"),
    path(
        "goal-comments/<uuid:said_id>/talked/",
        for_therapist(acts.comment_talked),
        name="comment-talked",
    ),
    *(
        path(
            f"steps/<uuid:step_id>/{part}/",
            for_therapist(acts.step_do),
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
        for_therapist(strength_views.strength_goals),
        name="strength-goals",
    ),
    path("clients/<uuid:client_id>/wins/", strength_views.win_add, name="win-add"),
    path(
        "wins/<uuid:win_id>/withdraw/",
        for_therapist(strength_views.win_withdraw),
        name="win-withdraw",
    ),
    path(
        "wins/<uuid:win_id>/restore/",
        for_therapist(strength_views.win_restore),
        name="win-restore",
    ),
]
