// 50,000 agents and more: four gateways (three carry 20,000 each while the fourth is renewed) and three silos.
using '../main.bicep'

param name = 'rport'
param gatewayCount = 4
param gatewaySize = 'Standard_D4s_v5'
param siloNodeCount = 3
param siloSize = 'Standard_D4s_v5'
param systemSize = 'Standard_D4s_v5'
param storageReplication = 'Standard_GZRS'
param logRetentionDays = 90

// Yours: who operates, from where, and the names of tunnels.
param operatorGroupId = readEnvironmentVariable('RPORT_OPERATOR_GROUP')
param operatorNetworks = split(readEnvironmentVariable('RPORT_OPERATOR_NETWORKS'), ',')
param tunnelZone = readEnvironmentVariable('RPORT_TUNNEL_ZONE')
param apiName = readEnvironmentVariable('RPORT_API_NAME', '')
param agentsName = readEnvironmentVariable('RPORT_AGENTS_NAME', '')
param alertEmail = readEnvironmentVariable('RPORT_ALERT_EMAIL')
