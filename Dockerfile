# Magnesia as a container: what requirements.lock pins, this source, a user without rights.
# The Python is of the version with which the lock is compiled.
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/magnesia
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --require-hashes --only-binary=:all: --requirement requirements.lock
COPY pyproject.toml LICENSE NOTICE ./
COPY hooks/ hooks/
COPY service/ service/
# As `make install` does it; bytecode is compiled now, because nothing can be written later.
RUN .venv/bin/pip install --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q hooks service .venv/lib
# The patients of order entry, and of `magnesia fixtures load`.
COPY fixtures/ fixtures/

FROM python:3.11.13-slim-bookworm
RUN groupadd --system --gid 10001 magnesia \
    && useradd --system --uid 10001 --gid magnesia --no-create-home --shell /usr/sbin/nologin magnesia \
    && install --directory --owner=magnesia --group=magnesia /var/lib/magnesia
COPY --from=build /opt/magnesia /opt/magnesia
# Without MAGNESIA_AUTH nothing starts on this address: who may call has to be said.
ENV PATH=/opt/magnesia/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MAGNESIA_HOST=0.0.0.0 \
    MAGNESIA_PORT=8000
# Writes go to two places: here (spool, or the SQLite file), and /tmp.
WORKDIR /var/lib/magnesia
VOLUME /var/lib/magnesia
USER 10001:10001
EXPOSE 8000
# `live`, not `ready`: a process that cannot reach its database still answers calls.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 CMD ["python", "-c", \
  "import os, sys; from http.client import HTTPConnection as C; c = C('127.0.0.1', int(os.environ['MAGNESIA_PORT']), timeout=3); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["magnesia"]
CMD ["serve"]
