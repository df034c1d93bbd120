# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrate; docker-compose.yml says which command each runs.

FROM node:24-bookworm-slim AS front
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt
WORKDIR /app
COPY . .
COPY --from=front /app/node_modules node_modules
RUN /opt/venv/bin/python dealership/core/catalogue.py
# The key is thrown away with this stage: collectstatic signs nothing. Published files need no package any more, but the
# templates include the icons.
RUN SECRET_KEY=build-only DJANGO_SETTINGS_MODULE=dealership.settings.production \
    /opt/venv/bin/python manage.py collectstatic --no-input -v 0 \
    && mv node_modules/@tabler/icons/icons icons \
    && rm -rf node_modules \
    && mkdir -p node_modules/@tabler/icons \
    && mv icons node_modules/@tabler/icons/icons

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=dealership.settings.production \
    MEDIA_ROOT=/data/media
RUN groupadd --system --gid 10001 app \
    && useradd --system --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
    && install -d -o app -g app /data /data/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER app
EXPOSE 8000
CMD ["gunicorn", "dealership.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
