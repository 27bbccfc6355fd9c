#!/usr/bin/env bash
# Writes infra/kubernetes/overlays/azure/azure.env from the outputs of the deployment named "rport": configure.sh RESOURCE_GROUP VERSION
set -euo pipefail
[ $# -eq 2 ] || { echo "configure.sh RESOURCE_GROUP VERSION (the tag of the images)" >&2; exit 2; }
file="$(dirname "$0")/../kubernetes/overlays/azure/azure.env"
settings=$(az deployment group show --resource-group "$1" --name rport --query properties.outputs.settings.value --output json)
{ jq -r 'to_entries[] | "\(.key)=\(.value)"' <<<"$settings"; echo "version=$2"; } > "$file"
