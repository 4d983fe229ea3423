# Targets: `app` (web, worker, beat, migrate) and `emulator` (a stand-in for Stripe, for trying things out).

FROM python:3.13-slim-trixie AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY dev/uv.lock.txt requirements.production.lock ./
RUN pip install --require-hashes -r uv.lock.txt \
    && uv venv /venv \
    && uv pip sync --no-cache --python /venv/bin/python --require-hashes requirements.production.lock

FROM python:3.13-slim-trixie AS base
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin app \
    && install -d -o app -g app /srv/media /srv/private /srv/emulator
COPY --from=dependencies /venv /venv
WORKDIR /app

FROM base AS emulator
COPY emulator emulator
USER app
EXPOSE 8400
CMD ["python", "-m", "emulator", "--host", "0.0.0.0", "--db", "/srv/emulator/emulator.sqlite3"]

FROM base AS app
COPY . .
ENV DJANGO_SETTINGS_MODULE=marketplace.settings STATIC_ROOT=/srv/static MEDIA_ROOT=/srv/media PRIVATE_ROOT=/srv/private
# Production settings insist on every value; these are made up for this one step and stay out of the image.
RUN MARKETPLACE_ENV=production SECRET_KEY=build-only-build-only-build-only-build-only-build-only ALLOWED_HOSTS=build.invalid \
    SITE_URL=https://build.invalid DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid \
    STRIPE_SECRET_KEY=rk_test_build STRIPE_WEBHOOK_SECRETS=whsec_build STRIPE_CONNECT_WEBHOOK_SECRETS=whsec_build_too \
    EMAIL_URL=smtp://build.invalid:25 DEFAULT_FROM_EMAIL=build@build.invalid \
    python manage.py collectstatic --no-input \
    && python dev/messages.py compile
USER app
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-m", "marketplace.probe", "http://127.0.0.1:8000/healthz"]
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "marketplace.web_worker.Worker", \
     "--limit-request-line", "8190", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
