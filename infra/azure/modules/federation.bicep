// Lets the service accounts of silos and gateways use their identities: the cluster's issuer vouches for them, and no key exists.
param issuer string
param siloIdentityName string
param gatewayIdentityName string

resource siloIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: siloIdentityName
}

resource gatewayIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: gatewayIdentityName
}

resource silo 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: siloIdentity
  name: 'silo'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:rport:silo'
    audiences: ['api://AzureADTokenExchange']
  }
}

resource gateway 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: gatewayIdentity
  name: 'gateway'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:rport:gateway'
    audiences: ['api://AzureADTokenExchange']
  }
}
