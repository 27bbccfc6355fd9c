// One installation of RPort: network, storage, secrets, identities and an AKS cluster. Deploy it to a resource group of its own; README.md has the commands.
targetScope = 'resourceGroup'

@description('Names everything: small letters and digits. Storage account, registry and vaults take it as a prefix.')
@minLength(3)
@maxLength(10)
param name string = 'rport'

param location string = resourceGroup().location

@description('Availability zones of all nodes and addresses. Empty for a region without zones.')
param zones string[] = ['1', '2', '3']

@description('Kubernetes version, such as 1.33; the patch level is up to AKS.')
param kubernetesVersion string = '1.33'

@description('Gateways. Each runs on a node of its own, which has a public address of its own for tunnels.')
@minValue(2)
@maxValue(16)
param gatewayCount int = 2

@description('Machine size of a gateway node.')
param gatewaySize string

@description('Nodes for silos.')
@minValue(2)
param siloNodeCount int = 2

@description('Machine size of a silo node.')
param siloSize string

@description('Machine size of the nodes for the cluster\'s own parts.')
param systemSize string = 'Standard_D2s_v5'

@description('First and last port for tunnels. Kubernetes keeps 30000 to 32767 of every node for itself.')
param tunnelPorts { first: int, last: int } = { first: 20000, last: 29999 }

@description('Networks (CIDR) from which tunnels can be reached at all. The ACL of each tunnel comes after that.')
param tunnelSources string[] = ['0.0.0.0/0']

@description('Networks (CIDR) from which operators reach the Kubernetes API and, to write secrets, the vaults. None: only from inside the virtual network.')
param operatorNetworks string[]

@description('Object id of the Entra group that administers the cluster and writes the secrets.')
param operatorGroupId string

@description('DNS zone for the gateways\' nodes, such as tunnels.rport.example.com. Delegate it to the name servers in the outputs.')
param tunnelZone string

@description('Name of the API, a CNAME of its address; empty for the name Azure gives.')
param apiName string = ''

@description('Name under which agents connect, a CNAME of its address; empty for the name Azure gives.')
param agentsName string = ''

@description('How the storage account is replicated.')
@allowed(['Standard_ZRS', 'Standard_GZRS', 'Standard_LRS'])
param storageReplication string = 'Standard_ZRS'

@description('How long logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('E-mail address that is told when the API does not answer; empty for none.')
param alertEmail string = ''

var suffix = uniqueString(resourceGroup().id)
var apiHost = empty(apiName) ? network.outputs.apiHost : apiName
var agentsHost = empty(agentsName) ? network.outputs.agentsHost : agentsName

module identities 'modules/identities.bicep' = {
  params: { name: name, location: location }
}

module network 'modules/network.bicep' = {
  params: {
    name: name
    location: location
    zones: zones
    dnsLabel: '${name}-${suffix}'
    gatewayCount: gatewayCount
    tunnelPorts: tunnelPorts
    tunnelSources: tunnelSources
    tunnelZone: tunnelZone
    clusterPrincipalId: identities.outputs.cluster.principalId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    retentionDays: logRetentionDays
    apiAddress: 'https://${apiHost}'
    alertEmail: alertEmail
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    accountName: take('${name}${suffix}', 24)
    location: location
    replication: storageReplication
    endpointSubnetId: network.outputs.endpointSubnetId
    blobZoneId: network.outputs.blobZoneId
    tableZoneId: network.outputs.tableZoneId
    siloPrincipalId: identities.outputs.silo.principalId
    gatewayPrincipalId: identities.outputs.gateway.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module gatewayVault 'modules/vault.bicep' = {
  params: {
    vaultName: take('${name}-gw-${suffix}', 24)
    location: location
    readerPrincipalId: identities.outputs.gateway.principalId
    operatorGroupId: operatorGroupId
    operatorNetworks: operatorNetworks
    endpointSubnetId: network.outputs.endpointSubnetId
    vaultZoneId: network.outputs.vaultZoneId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module siloVault 'modules/vault.bicep' = {
  params: {
    vaultName: take('${name}-silo-${suffix}', 24)
    location: location
    readerPrincipalId: identities.outputs.silo.principalId
    operatorGroupId: operatorGroupId
    operatorNetworks: operatorNetworks
    endpointSubnetId: network.outputs.endpointSubnetId
    vaultZoneId: network.outputs.vaultZoneId
    workspaceId: monitoring.outputs.workspaceId
  }
}

// The key of the authority that signs the cluster's certificates: no process ever needs it.
module operatorVault 'modules/vault.bicep' = {
  params: {
    vaultName: take('${name}-ops-${suffix}', 24)
    location: location
    readerPrincipalId: ''
    operatorGroupId: operatorGroupId
    operatorNetworks: operatorNetworks
    endpointSubnetId: network.outputs.endpointSubnetId
    vaultZoneId: network.outputs.vaultZoneId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cluster 'modules/cluster.bicep' = {
  params: {
    name: name
    location: location
    zones: zones
    kubernetesVersion: kubernetesVersion
    identityId: identities.outputs.cluster.id
    nodeSubnetId: network.outputs.nodeSubnetId
    gatewaySubnetId: network.outputs.gatewaySubnetId
    gatewayPrefixId: network.outputs.gatewayPrefixId
    gatewayCount: gatewayCount
    gatewaySize: gatewaySize
    siloNodeCount: siloNodeCount
    siloSize: siloSize
    systemSize: systemSize
    tunnelPorts: tunnelPorts
    operatorNetworks: operatorNetworks
    operatorGroupId: operatorGroupId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module registry 'modules/registry.bicep' = {
  params: {
    registryName: '${name}${suffix}'
    location: location
    pullPrincipalId: cluster.outputs.kubeletPrincipalId
  }
}

module federation 'modules/federation.bicep' = {
  params: {
    issuer: cluster.outputs.issuer
    siloIdentityName: identities.outputs.silo.name
    gatewayIdentityName: identities.outputs.gateway.name
  }
}

@description('Where operators find the API and the web page.')
output apiAddress string = 'https://${apiHost}'

@description('What agents are given as --server.')
output agentsAddress string = 'wss://${agentsHost}'

@description('What the names of API and agents must be CNAMEs of.')
output azureHosts { api: string, agents: string } = { api: network.outputs.apiHost, agents: network.outputs.agentsHost }

@description('How to read the fingerprint that agents pin. It is derived from the host key, which this deployment never sees.')
output fingerprintCommand string = 'az keyvault secret show --vault-name ${gatewayVault.outputs.name} --name host-fingerprint --query value --output tsv'

@description('Addresses from which, and to which, tunnels are open.')
output tunnelAddresses string = network.outputs.gatewayPrefix

@description('Name servers to which the tunnels\' zone has to be delegated.')
output tunnelZoneServers string[] = network.outputs.tunnelZoneServers

output clusterName string = cluster.outputs.name
output registryServer string = registry.outputs.server

@description('What configure.sh fills into infra/kubernetes/overlays/azure.')
output settings object = {
  tenantId: tenant().tenantId
  siloClientId: identities.outputs.silo.clientId
  gatewayClientId: identities.outputs.gateway.clientId
  siloVault: siloVault.outputs.name
  gatewayVault: gatewayVault.outputs.name
  operatorVault: operatorVault.outputs.name
  tableServiceUri: storage.outputs.tableServiceUri
  blobServiceUri: storage.outputs.blobServiceUri
  resourceGroup: resourceGroup().name
  apiAddressName: network.outputs.apiAddressName
  agentsAddressName: network.outputs.agentsAddressName
  apiHost: apiHost
  agentsHost: agentsHost
  tunnelZone: tunnelZone
  tunnelPorts: '${tunnelPorts.first}-${tunnelPorts.last}'
  gatewaySubnet: network.outputs.gatewaySubnetPrefix
  gatewayCount: gatewayCount
  siloCount: siloNodeCount
  registry: registry.outputs.server
  cluster: cluster.outputs.name
}
