# docker build -f infra/containers/gateway.Dockerfile -t rport-gateway .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG RID=linux-x64
WORKDIR /src
COPY . .
RUN dotnet publish Gateway -c Release -r $RID -o /out

# No shell, no package manager; the program brings its own .NET.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /out /app
# What must be writable (the root file system may be read-only): /var/lib/rport, /var/cache/rport with a blob store, /tmp.
WORKDIR /app
ENV RPORT_Data__Folder=/var/lib/rport
EXPOSE 8080 3000
USER 1654:1654
ENTRYPOINT ["/app/RPort.Gateway"]
