#!/usr/bin/env bash
# Writes an address record for each gateway's node into the tunnels' zone: gateway-names.sh RESOURCE_GROUP TUNNEL_ZONE
# Run it after the first deployment, and whenever nodes were added or replaced. Needs kubectl with the cluster as its context.
set -euo pipefail
[ $# -eq 2 ] || { echo "gateway-names.sh RESOURCE_GROUP TUNNEL_ZONE" >&2; exit 2; }
nodes=$(kubectl get nodes --selector rport/role=gateway \
  --output jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.addresses[?(@.type=="ExternalIP")].address}{"\n"}{end}')
known=$(az network dns record-set a list --resource-group "$1" --zone-name "$2" --query "[].name" --output tsv)
for name in $known; do
  grep -q "^$name " <<<"$nodes" || az network dns record-set a delete --resource-group "$1" --zone-name "$2" --name "$name" --yes --output none
done
while read -r name address; do
  [ -n "$address" ] || { echo "$name has no public address" >&2; exit 1; }
  az network dns record-set a delete --resource-group "$1" --zone-name "$2" --name "$name" --yes --output none
  az network dns record-set a add-record --resource-group "$1" --zone-name "$2" --record-set-name "$name" --ipv4-address "$address" --ttl 60 --output none </dev/null
  echo "$name.$2 $address"
done <<<"$nodes"
