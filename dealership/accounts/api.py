"""Sign-in for scripts."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from dealership.accounts.authentication import TokenAuthentication
from dealership.accounts.models import ApiToken
from dealership.accounts.services import token_create, token_revoke
from dealership.core.errors import DomainError, NotAllowed


class Credentials(serializers.Serializer):  # type: ignore[type-arg]
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class IssuedToken(serializers.Serializer):  # type: ignore[type-arg]
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class TokenView(APIView):
    """用户名和密码换取令牌，用完即可注销。启用两步验证的账号只能在「我的账号」页面创建令牌。"""

    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "token"

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Asking for a token needs no sign-in; only the token itself can be signed out (S03)."""
        asks = self.request is not None and self.request.method == "POST"
        return [] if asks else [TokenAuthentication()]

    @extend_schema(request=Credentials, responses={201: IssuedToken}, tags=["auth"], auth=[])
    def post(self, request: Request) -> Response:
        """Refused alike for an unknown name, a wrong password and a closed account (S02)."""
        form = Credentials(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            user = get_adapter().authenticate(request._request, **form.validated_data)  # noqa: SLF001
        except ValidationError:
            raise DomainError("too_many_requests", _("登录失败次数过多，请 5 分钟后再试。"), status=429) from None
        if user is None or not user.is_active:
            raise DomainError("wrong_credentials", _("用户名或密码不正确。"), status=401)
        if user.must_change_password:
            raise NotAllowed(_("请先在浏览器登录并修改初始密码，再获取令牌。"), code="account_duty")
        if Authenticator.objects.filter(user=user).exists():
            raise NotAllowed(_("该账号已启用两步验证，请登录后在「我的账号」页面创建令牌。"), code="mfa_required")
        token, plain = token_create(by=user, name="API")
        answer = IssuedToken({"token": plain, "expires_at": token.expires_at})
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None}, tags=["auth"])
    def delete(self, request: Request) -> Response:
        """Sign out: the token of this call answers 401 from now on (S03)."""
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticated
        token_revoke(by=request.auth.user, token_id=request.auth.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
