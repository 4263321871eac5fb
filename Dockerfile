# The service: docker build -t mnist_predict . && docker run --name test -p 4000:80 --rm -d mnist_predict
# docs/container.md tells how to name another store, where data is kept, and how to run several.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1
# Another package index, where the usual one is slow: docker build --build-arg PIP_INDEX_URL=https://...
ARG PIP_INDEX_URL
WORKDIR /build
# What the program needs has a layer of its own: a change of the source does not install it again.
COPY requirements/core.txt requirements/
RUN pip install --prefix /needs --no-deps --require-hashes --only-binary :all: -r requirements/core.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --prefix /program --no-deps .

FROM python:3.13-slim AS serve
LABEL org.opencontainers.image.title="mnist_predict" \
      org.opencontainers.image.description="Reads handwritten numbers from pictures and keeps them." \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, not a name: what runs the container can then see that it is not root.
RUN install -d -o 10001 -g 10001 /data
COPY --from=build /needs /usr/local
COPY --from=build /program /usr/local
# No VOLUME: a folder that nobody mounted then looks like one, and the service says that it goes with the container.
ENV container=oci \
    MNIST_PREDICT_DATA=/data \
    MNIST_PREDICT_HOST=0.0.0.0 \
    MNIST_PREDICT_PORT=80 \
    MNIST_PREDICT_STORE=cassandra://project-cassandra,host.docker.internal,172.17.0.1:9042/mnistpredict
USER 10001:10001
WORKDIR /data
EXPOSE 80
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['MNIST_PREDICT_PORT'] + '/healthz')"]
ENTRYPOINT ["mnist-predict"]
CMD ["serve"]

# What learns beside it (compose.yaml, profile learn): the same with torch, and MNIST against forgetting. Some gigabytes.
FROM serve AS learn
ARG PIP_INDEX_URL
USER 0
COPY requirements/train.txt /tmp/
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r /tmp/train.txt && rm /tmp/train.txt
COPY data/mnist /usr/local/share/mnist
# Where the plots of a report keep their list of fonts: this user has no home.
ENV MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
HEALTHCHECK NONE
CMD ["learn", "--every", "1d", "--mnist", "/usr/local/share/mnist"]

# What is built where nothing else is asked for.
FROM serve
