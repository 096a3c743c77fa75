"""Goals that both sides agree to, ratings, steps, reviews, comments, strengths."""
