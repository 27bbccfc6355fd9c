# docker build -f infra/containers/silo.Dockerfile -t rport-silo .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG RID=linux-x64
WORKDIR /src
COPY . .
RUN dotnet publish Silo -c Release -r $RID -o /out

# No shell, no package manager; the program brings its own .NET.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
COPY --from=build /out /app
# What must be writable (the root file system may be read-only): /tmp.
WORKDIR /app
ENV RPORT_Data__Folder=/var/lib/rport
EXPOSE 11111 30000 8081
USER 1654:1654
ENTRYPOINT ["/app/RPort.Silo"]
