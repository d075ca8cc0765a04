# Everything installed: `docker build -t crossvault .`, then
# `docker run --rm -v "$PWD:/stories" crossvault run my.scenario.yaml` plays a file of the current folder.
FROM python:3.11-slim-bookworm
RUN useradd --create-home crossvault && install -d -o crossvault /opt/crossvault /stories
COPY --chown=crossvault . /opt/crossvault
USER crossvault
RUN /opt/crossvault/crossvault setup
RUN /opt/crossvault/crossvault run quickstart
ENV PATH=/opt/crossvault:/usr/local/bin:/usr/bin:/bin
WORKDIR /stories
ENTRYPOINT ["crossvault"]
CMD ["--help"]
