// One identity for the cluster's control plane, one for silos, one for gateways. Each is given its rights beside the resource it needs.
param name string
param location string

var roles = ['cluster', 'silo', 'gateway']

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = [
  for role in roles: {
    name: '${name}-${role}'
    location: location
  }
]

type identity = { id: string, name: string, clientId: string, principalId: string }

output cluster identity = {
  id: identities[0].id
  name: identities[0].name
  clientId: identities[0].properties.clientId
  principalId: identities[0].properties.principalId
}
output silo identity = {
  id: identities[1].id
  name: identities[1].name
  clientId: identities[1].properties.clientId
  principalId: identities[1].properties.principalId
}
output gateway identity = {
  id: identities[2].id
  name: identities[2].name
  clientId: identities[2].properties.clientId
  principalId: identities[2].properties.principalId
}
