# memhound's image: node, the libraries it needs, and the program; no shell, no package manager, no root.
#   docker build -t memhound .                                     # Node's current LTS
#   docker build --build-arg NODE_IMAGE=local/node:20 -t memhound .  # offline, on a base image of your own (node, npm, ldd)
ARG NODE_IMAGE=docker.io/library/node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --no-update-notifier
COPY tsconfig.json LICENSE ./
COPY scripts scripts
COPY web web
COPY src src
RUN node scripts/build.mjs
ARG SOURCE_DATE_EPOCH=0
RUN node scripts/image-root.mjs /image

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="memhound" \
      org.opencontainers.image.description="A sidecar that finds where a JVM pod's memory went" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.documentation="docs/kubernetes.md"
COPY --from=build /image /
# The pod's manifest gives the uid and gid of the app; this one is for those that give none.
USER 65532:65532
WORKDIR /
# One malloc arena: the others belong to helper threads that hold little, 1.3 MiB together.
# A fixed threshold (glibc's default): glibc raises its own with each large block that is freed, then takes large blocks from the heap, and the
# freed ones stay there, 1.7 MiB.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072
EXPOSE 8801
ENTRYPOINT ["/usr/local/bin/node", "/app/memhound.mjs"]
CMD ["watch"]
