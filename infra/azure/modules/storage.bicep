// Membership (a table), grain state and payloads (blobs). No keys, no public network: only the two identities get in, through private endpoints.
param accountName string
param location string
param replication string
param endpointSubnetId string
param blobZoneId string
param tableZoneId string
param siloPrincipalId string
param gatewayPrincipalId string
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: { name: replication }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Disabled'
    supportsHttpsTrafficOnly: true
    networkAcls: { bypass: 'None', defaultAction: 'Deny' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // Grain state that was deleted by mistake can be brought back for a week. Payloads are short-lived and fill this time too.
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource grainState 'containers' = {
      name: 'grainstate'
      properties: { publicAccess: 'None' }
    }

    resource payloads 'containers' = {
      name: 'payloads'
      properties: { publicAccess: 'None' }
    }
  }

  resource tables 'tableServices' = {
    name: 'default'

    // The name is Orleans' own.
    resource membership 'tables' = {
      name: 'OrleansSiloInstances'
    }
  }
}

var roles = {
  blobData: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor: reads and writes blobs, no rights on the account
  tableData: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor: the same for a table's rows
}

resource siloState 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::grainState.id, siloPrincipalId, roles.blobData)
  scope: account::blobs::grainState
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobData)
  }
}

resource siloMembership 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::tables::membership.id, siloPrincipalId, roles.tableData)
  scope: account::tables::membership
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableData)
  }
}

resource gatewayPayloads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::payloads.id, gatewayPrincipalId, roles.blobData)
  scope: account::blobs::payloads
  properties: {
    principalId: gatewayPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobData)
  }
}

// Gateways only read which silos there are. Orleans' client also asks for the table to be created, which must be allowed although it exists.
resource membershipReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, accountName, 'membership reader')
  properties: {
    roleName: '${accountName} membership reader'
    description: 'Reads the list of silos.'
    type: 'customRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/read'
          'Microsoft.Storage/storageAccounts/tableServices/tables/write'
        ]
        dataActions: ['Microsoft.Storage/storageAccounts/tableServices/tables/entities/read']
      }
    ]
  }
}

resource gatewayMembership 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::tables::membership.id, gatewayPrincipalId, 'membership reader')
  scope: account::tables::membership
  properties: {
    principalId: gatewayPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: membershipReader.id
  }
}

resource blobEndpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${accountName}-blob'
  location: location
  properties: {
    subnet: { id: endpointSubnetId }
    privateLinkServiceConnections: [
      {
        name: 'blob'
        properties: { privateLinkServiceId: account.id, groupIds: ['blob'] }
      }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: 'blob', properties: { privateDnsZoneId: blobZoneId } }]
    }
  }
}

resource tableEndpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${accountName}-table'
  location: location
  properties: {
    subnet: { id: endpointSubnetId }
    privateLinkServiceConnections: [
      {
        name: 'table'
        properties: { privateLinkServiceId: account.id, groupIds: ['table'] }
      }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: 'table', properties: { privateDnsZoneId: tableZoneId } }]
    }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: account::tables
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
  }
}

output tableServiceUri string = account.properties.primaryEndpoints.table
output blobServiceUri string = account.properties.primaryEndpoints.blob
