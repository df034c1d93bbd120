"""Template filters that put audit entries into words."""

from __future__ import annotations

from django import template

from dealership.audit import words

register = template.Library()
register.filter(words.action_words)
register.filter(words.object_words)
register.filter(words.change_words)
register.filter(words.field_words)
