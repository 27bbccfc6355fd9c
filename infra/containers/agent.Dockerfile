# docker build -f infra/containers/agent.Dockerfile -t rport-agent .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
# The linker that ahead-of-time compilation calls.
RUN apt-get update && apt-get install -y --no-install-recommends clang zlib1g-dev && rm -rf /var/lib/apt/lists/*
ARG RID=linux-x64
WORKDIR /src
COPY . .
RUN dotnet publish Agent -c Release -r $RID -o /out

# One native program and the C library it calls.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /out/rport-agent /app/rport-agent
# What must be writable (the root file system may be read-only): /var/lib/rport, and where files are to be placed.
WORKDIR /app
USER 1654:1654
ENTRYPOINT ["/app/rport-agent"]
