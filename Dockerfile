# One image for all of it: controller, webhook, sidecar and command line are one bundle each, with nothing else beside
# them. The bundles are the same for every architecture, so they are built on the machine's own. The bases are pinned, so that
# the same sources give the same image; to take newer ones, replace the digests by those of the tags.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
RUN node scripts/build.ts

FROM gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="kube-site-follower" \
      org.opencontainers.image.description="Everything follows the primary: DNS records, pods and people, across the sites of one Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=build /src/dist/controller.mjs /src/dist/webhook.mjs /src/dist/cli.mjs /src/dist/sidecar.cjs /app/
COPY LICENSE /licenses/LICENSE
COPY --from=build /src/dist/THIRD-PARTY-LICENSES.txt /licenses/THIRD-PARTY-LICENSES.txt
# As a number: Kubernetes' runAsNonRoot cannot check a name.
USER 65532:65532
# Why: scripts/node-flags.ts.
ENV MALLOC_ARENA_MAX=1
ENV MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["--no-parallel-scavenge", "--max-semi-space-size=2", "--max-old-space-size=128", "/app/controller.mjs"]
