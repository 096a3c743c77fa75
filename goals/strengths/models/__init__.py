from goals.strengths.models.strength import Strength
from goals.strengths.models.strength_link import StrengthLink
from goals.strengths.models.win import Win

__all__ = ["Strength", "StrengthLink", "Win"]
