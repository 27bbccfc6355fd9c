// Up to about 2,000 agents: two gateways and two silos, so that one of each may be lost.
using '../main.bicep'

param name = 'rport'
param gatewayCount = 2
param gatewaySize = 'Standard_D2s_v5'
param siloNodeCount = 2
param siloSize = 'Standard_D2s_v5'

// Yours: who operates, from where, and the names of tunnels.
param operatorGroupId = readEnvironmentVariable('RPORT_OPERATOR_GROUP')
param operatorNetworks = split(readEnvironmentVariable('RPORT_OPERATOR_NETWORKS'), ',')
param tunnelZone = readEnvironmentVariable('RPORT_TUNNEL_ZONE')
param apiName = readEnvironmentVariable('RPORT_API_NAME', '')
param agentsName = readEnvironmentVariable('RPORT_AGENTS_NAME', '')
