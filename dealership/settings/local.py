"""The one-command local run (`./dev up`): production behaviour over plain http on this machine."""

from dealership.settings.base import *
from dealership.settings.base import env

SECRET_KEY = env.str("SECRET_KEY", default="local-only-not-secret-" + "x" * 40)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
DEMO_ALLOWED = True
