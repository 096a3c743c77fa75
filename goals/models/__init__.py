from goals.models.agreement import Agreement
from goals.models.comment import Comment
from goals.models.goal import Goal, Overtaken
from goals.models.link import GoalLink
from goals.models.move import GoalMove
from goals.models.rating import GoalRating
from goals.models.review import Review, ReviewAnswer
from goals.models.score import GoalScore
from goals.models.step import Step
from goals.models.version import GoalVersion
from goals.strengths.models import Strength, StrengthLink, Win

__all__ = [
    "Agreement", "Comment", "Goal", "GoalLink", "GoalMove", "GoalRating", "GoalScore",
    "GoalVersion", "Overtaken", "Review", "ReviewAnswer", "Step", "Strength",
    "StrengthLink", "Win",
]  # fmt: skip
