"""Sign-in, profile and tokens: everybody, and only their own rows."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from dealership.accounts.services import token_create
from dealership.tests.matrix import READ_WRITE, WRITE, Url, World, pages

GONE = frozenset({404})

URLS = {
    "account_login": Url(READ_WRITE, public=True),
    "account_inactive": Url(public=True),
    "account_signup": Url(READ_WRITE, public=True),
    "account_logout": Url(READ_WRITE, public=True),
    **pages("account_reset_password", methods=READ_WRITE, public=True, also=GONE),
    **pages("account_reset_password_done", "account_reset_password_from_key_done", public=True, also=GONE),
    "account_reset_password_from_key": Url(READ_WRITE, kwargs={"uidb36": "1", "key": "a-b"}, public=True, also=GONE),
    **pages("account_reauthenticate", "account_change_password", "usersessions_list", methods=READ_WRITE),
    "mfa_index": Url(),
    "mfa_authenticate": Url(READ_WRITE, public=True),
    "mfa_reauthenticate": Url(READ_WRITE),
    # Before a second factor is set up there is nothing to show, renew or drop.
    **pages("mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", methods=READ_WRITE, also=GONE),
    **pages("mfa_view_recovery_codes", "mfa_download_recovery_codes", also=GONE),
    "accounts:profile": Url(),
    "accounts:token_new": Url(WRITE),
    "accounts:token_end": Url(WRITE, row="token", resource="job"),
    # The rows name no live session: the profile page sweeps them away.
    "accounts:session_close": Url(WRITE, row="session", resource="job", also=GONE),
    "accounts:language": Url(WRITE, data={"language": "en"}),
    "api-auth-token": Url(("POST", "DELETE"), public=True, csrf=False, also=frozenset({401, 429})),
}


def rows(world: World) -> dict[str, dict[str, int]]:
    """Tokens and sessions; like jobs they are reached by their owner only."""
    owners = {"own": "consultant", "team": "colleague", "other": "stranger"}
    tokens = {place: token_create(by=world.user(key), name="脚本")[0].pk for place, key in owners.items()}
    sessions = {
        place: UserSession.objects.create(user=world.user(key), session_key=f"none-{key}", ip="127.0.0.1").pk
        for place, key in owners.items()
    }
    return {"token": tokens, "session": sessions}
