# The daemon. Run it with a read-only root file system and /data on a volume:
#   docker run --read-only --tmpfs /tmp -v tillwatch-data:/data -v ./config:/etc/tillwatch:ro -p 8080:8080 tillwatch
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/tillwatch
COPY requirements.txt requirements-build.txt ./
RUN /opt/tillwatch/bin/pip install --require-hashes -r requirements-build.txt -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY checks checks
COPY payment_core payment_core
COPY remediation remediation
COPY daemon daemon
RUN /opt/tillwatch/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tillwatch/bin/pip uninstall --yes setuptools pip \
    && mkdir /data /etc/tillwatch

FROM python:3.11-slim-bookworm
ENV PATH=/opt/tillwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TILL_DATA_DIR=/data \
    TILL_HTTP__HOST=0.0.0.0 \
    TILL_HTTP__PORT=8080
COPY --from=build /opt/tillwatch /opt/tillwatch
COPY --from=build /etc/tillwatch /etc/tillwatch
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/tmp"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["/opt/tillwatch/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["tillwatch"]
CMD ["run", "--config", "/etc/tillwatch"]
