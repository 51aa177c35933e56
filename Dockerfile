# evalkit in a container: docker build -t evalkit . && docker run --rm -v "$PWD:/project" evalkit run
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY evalkit ./evalkit
RUN pip install --no-cache-dir --prefix=/install .

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1
COPY --from=build /install /usr/local
# Files that evalkit writes belong to this user; run with --user "$(id -u):$(id -g)" to own them.
RUN useradd --create-home --uid 10001 evalkit && mkdir /project && chown evalkit /project
USER evalkit
WORKDIR /project
ENTRYPOINT ["evalkit"]
CMD ["--help"]
