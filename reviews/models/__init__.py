"""Reports and what is written beside them."""

from reviews.models.comment import ReviewComment, ReviewStateChange
from reviews.models.review import Review

__all__ = ["Review", "ReviewComment", "ReviewStateChange"]
