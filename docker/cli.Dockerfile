# The command alone, without CUDA and torch: docker run --rm --volume "$PWD:/repo" --user "$(id -u):$(id -g)" IMAGE check
FROM python:3.13-alpine AS build
COPY . /src
RUN python -m venv /opt/fi-bump \
    && /opt/fi-bump/bin/pip install --no-cache-dir /src \
    && /opt/fi-bump/bin/pip uninstall --yes pip

FROM python:3.13-alpine
# fi-bump runs git for set --commit, pr-body, and fleet --refs. The folder belongs to whoever mounts it.
# The distribution keeps only the newest release of a package, so a pinned one could not be installed next month.
# hadolint ignore=DL3018
RUN apk add --no-cache git \
    && git config --system --add safe.directory '*'
COPY --from=build /opt/fi-bump /opt/fi-bump
ENV PATH=/opt/fi-bump/bin:$PATH
WORKDIR /repo
ENTRYPOINT ["fi-bump"]
CMD ["check"]
