# The image of gateway, worker and operator commands: one binary.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --locked --release --package loyalnest

FROM debian:bookworm-slim
# Shops' certificates are checked against the system's.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 loyalnest \
    && install --directory --owner loyalnest --mode 0700 \
        /var/lib/loyalnest /var/lib/loyalnest-deletions-1 /var/lib/loyalnest-deletions-2 \
    && install --directory --owner loyalnest --mode 0755 /srv/loyalnest
COPY --from=build /source/target/release/loyalnest /usr/local/bin/loyalnest
USER loyalnest
EXPOSE 8080
CMD ["loyalnest", "serve"]
