// The virtual network, the addresses the world sees, and the names of private endpoints.
param name string
param location string
param zones string[]
param dnsLabel string
param gatewayCount int
param tunnelPorts { first: int, last: int }
param tunnelSources string[]
param tunnelZone string
param clusterPrincipalId string

var gatewaySubnetPrefix = '10.40.4.0/24'

// A subnet's rules end with Azure's own: the virtual network and Azure's load balancer may come in, the internet may not.
resource nodeRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-nodes'
  location: location
}

resource gatewayRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-gateways'
  location: location
  properties: {
    securityRules: [
      {
        name: 'tunnels'
        properties: {
          description: 'Tunnel ports of every gateway; the tunnel\'s ACL decides who gets in.'
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: '*'
          sourceAddressPrefixes: tunnelSources
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '${tunnelPorts.first}-${tunnelPorts.last}'
        }
      }
      {
        name: 'api-and-agents'
        properties: {
          description: 'TLS from operators and agents: the load balancer keeps the addresses of port 443.'
          priority: 110
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefixes: [apiIp.properties.ipAddress, agentsIp.properties.ipAddress]
          destinationPortRange: '443'
        }
      }
    ]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.40.0.0/16'] }
  }

  resource nodes 'subnets' = {
    name: 'nodes'
    properties: {
      addressPrefix: '10.40.0.0/22'
      networkSecurityGroup: { id: nodeRules.id }
    }
  }

  resource gateways 'subnets' = {
    name: 'gateways'
    properties: {
      addressPrefix: gatewaySubnetPrefix
      networkSecurityGroup: { id: gatewayRules.id }
    }
    dependsOn: [nodes]
  }

  resource endpoints 'subnets' = {
    name: 'endpoints'
    properties: {
      addressPrefix: '10.40.5.0/24'
      networkSecurityGroup: { id: nodeRules.id }
      privateEndpointNetworkPolicies: 'Enabled'
    }
    dependsOn: [gateways]
  }
}

resource apiIp 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: '${name}-api'
  location: location
  zones: zones
  sku: { name: 'Standard' }
  properties: {
    publicIPAllocationMethod: 'Static'
    dnsSettings: { domainNameLabel: '${dnsLabel}-api' }
  }
}

resource agentsIp 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: '${name}-agents'
  location: location
  zones: zones
  sku: { name: 'Standard' }
  properties: {
    publicIPAllocationMethod: 'Static'
    dnsSettings: { domainNameLabel: '${dnsLabel}-agents' }
  }
}

// As many addresses as gateways, rounded up to a power of two. It outlives nodes: a replaced node takes an address of the same few.
resource gatewayPrefix 'Microsoft.Network/publicIPPrefixes@2024-05-01' = {
  name: '${name}-gateways'
  location: location
  zones: zones
  sku: { name: 'Standard' }
  properties: {
    publicIPAddressVersion: 'IPv4'
    prefixLength: gatewayCount <= 2 ? 31 : gatewayCount <= 4 ? 30 : gatewayCount <= 8 ? 29 : 28
  }
}

// A name for each gateway's node. Its records are written by gateway-names.sh, since only the cluster knows which node has which address.
resource tunnels 'Microsoft.Network/dnsZones@2018-05-01' = {
  name: tunnelZone
  location: 'global'
}

var privateZones = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  'privatelink.vaultcore.azure.net'
]

resource privateNames 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in privateZones: {
    name: zone
    location: 'global'
  }
]

resource privateLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in privateZones: {
    parent: privateNames[i]
    name: name
    location: 'global'
    properties: {
      virtualNetwork: { id: vnet.id }
      registrationEnabled: false
    }
  }
]

// What the cluster's control plane does in this network, and nothing else: put nodes into two subnets, give them addresses, use two load balancer addresses.
resource clusterRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, name, 'cluster network')
  properties: {
    roleName: '${name} cluster network ${uniqueString(resourceGroup().id)}'
    description: 'Puts nodes into subnets and uses addresses that exist.'
    type: 'customRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Network/virtualNetworks/subnets/read'
          'Microsoft.Network/virtualNetworks/subnets/join/action'
          'Microsoft.Network/publicIPAddresses/read'
          'Microsoft.Network/publicIPAddresses/write'
          'Microsoft.Network/publicIPAddresses/join/action'
          'Microsoft.Network/publicIPPrefixes/read'
          'Microsoft.Network/publicIPPrefixes/join/action'
        ]
      }
    ]
  }
}

resource inNodes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vnet::nodes.id, clusterPrincipalId)
  scope: vnet::nodes
  properties: { principalId: clusterPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: clusterRole.id }
}

resource inGateways 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vnet::gateways.id, clusterPrincipalId)
  scope: vnet::gateways
  properties: { principalId: clusterPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: clusterRole.id }
}

resource onApiIp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(apiIp.id, clusterPrincipalId)
  scope: apiIp
  properties: { principalId: clusterPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: clusterRole.id }
}

resource onAgentsIp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(agentsIp.id, clusterPrincipalId)
  scope: agentsIp
  properties: { principalId: clusterPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: clusterRole.id }
}

resource onPrefix 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(gatewayPrefix.id, clusterPrincipalId)
  scope: gatewayPrefix
  properties: { principalId: clusterPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: clusterRole.id }
}

output nodeSubnetId string = vnet::nodes.id
output gatewaySubnetId string = vnet::gateways.id
output gatewaySubnetPrefix string = gatewaySubnetPrefix
output endpointSubnetId string = vnet::endpoints.id
output gatewayPrefixId string = gatewayPrefix.id
output gatewayPrefix string = gatewayPrefix.properties.ipPrefix
output apiHost string = apiIp.properties.dnsSettings.fqdn
output apiAddressName string = apiIp.name
output agentsHost string = agentsIp.properties.dnsSettings.fqdn
output agentsAddressName string = agentsIp.name
output tunnelZoneServers string[] = tunnels.properties.nameServers
output blobZoneId string = privateNames[0].id
output tableZoneId string = privateNames[1].id
output vaultZoneId string = privateNames[2].id
