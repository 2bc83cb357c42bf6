# The portal for production: one image for web, workers, beat and migrations (see docker-compose.yml).

FROM node:22.21.1-trixie-slim AS front-end
WORKDIR /front-end
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM python:3.12.12-slim-trixie AS packages
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements.lock

FROM python:3.12.12-slim-trixie AS portal
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BIND=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin portal
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=front-end /front-end/node_modules node_modules
COPY manage.py Procfile gunicorn.conf.py ./
COPY scripts scripts
COPY locale locale
COPY static static
COPY templates templates
COPY persian persian
COPY common common
COPY audit audit
COPY staff staff
COPY accounts accounts
COPY channels channels
COPY contacts contacts
COPY gateways gateways
COPY email_routing email_routing
COPY messaging messaging
COPY amoot_comms amoot_comms
RUN python scripts/compile_messages.py \
 && python -m scripts.throwaway python manage.py collectstatic --no-input -v 0 \
 && rm -rf node_modules \
 && mkdir -p var/run var/log var/media heads \
 && chown -R portal var heads
USER portal
EXPOSE 8000
# Each service's own stands in docker-compose.yml.
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "scripts.process"]
CMD ["web"]

# The portal with PostgreSQL's client programs of the server's major, for `manage.py backup` and `restore`.
FROM portal AS backup
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/*
USER portal
CMD ["python", "manage.py", "backup", "/backups"]
