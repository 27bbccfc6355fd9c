// AKS with three pools: the cluster's own parts, silos, and gateways, whose nodes have a public address each.
param name string
param location string
param zones string[]
param kubernetesVersion string
param identityId string
param nodeSubnetId string
param gatewaySubnetId string
param gatewayPrefixId string
param gatewayCount int
param gatewaySize string
param siloNodeCount int
param siloSize string
param systemSize string
param tunnelPorts { first: int, last: int }
param operatorNetworks string[]
param operatorGroupId string
param workspaceId string

resource cluster 'Microsoft.ContainerService/managedClusters@2025-03-01' = {
  name: name
  location: location
  sku: { name: 'Base', tier: 'Standard' }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    kubernetesVersion: kubernetesVersion
    dnsPrefix: name
    enableRBAC: true
    disableLocalAccounts: true
    aadProfile: {
      managed: true
      enableAzureRBAC: false
      adminGroupObjectIDs: [operatorGroupId]
      tenantID: tenant().tenantId
    }
    apiServerAccessProfile: empty(operatorNetworks)
      ? { enablePrivateCluster: true, enablePrivateClusterPublicFQDN: false }
      : { enablePrivateCluster: false, authorizedIPRanges: operatorNetworks }
    autoUpgradeProfile: { upgradeChannel: 'patch', nodeOSUpgradeChannel: 'NodeImage' }
    networkProfile: {
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      // Calico, since its rules can name the addresses of nodes: gateways use their node's. Cilium's cannot.
      networkPolicy: 'calico'
      loadBalancerSku: 'standard'
      outboundType: 'loadBalancer'
      podCidr: '10.244.0.0/16'
      serviceCidr: '10.41.0.0/16'
      dnsServiceIP: '10.41.0.10'
    }
    oidcIssuerProfile: { enabled: true }
    securityProfile: {
      workloadIdentity: { enabled: true }
      imageCleaner: { enabled: true, intervalHours: 168 }
    }
    addonProfiles: {
      azureKeyvaultSecretsProvider: {
        enabled: true
        config: { enableSecretRotation: 'true', rotationPollInterval: '2m' }
      }
      omsagent: {
        enabled: true
        config: { logAnalyticsWorkspaceResourceID: workspaceId, useAADAuth: 'true' }
      }
    }
    agentPoolProfiles: [
      {
        name: 'system'
        mode: 'System'
        count: 2
        vmSize: systemSize
        osType: 'Linux'
        osSKU: 'AzureLinux'
        availabilityZones: zones
        vnetSubnetID: nodeSubnetId
        nodeTaints: ['CriticalAddonsOnly=true:NoSchedule']
        upgradeSettings: { maxSurge: '1' }
      }
      {
        name: 'silos'
        mode: 'User'
        count: siloNodeCount
        vmSize: siloSize
        osType: 'Linux'
        osSKU: 'AzureLinux'
        availabilityZones: zones
        vnetSubnetID: nodeSubnetId
        nodeLabels: { 'rport/role': 'silo' }
        upgradeSettings: { maxSurge: '1', drainTimeoutInMinutes: 10 }
      }
      {
        name: 'gateways'
        mode: 'User'
        count: gatewayCount
        vmSize: gatewaySize
        osType: 'Linux'
        osSKU: 'AzureLinux'
        availabilityZones: zones
        vnetSubnetID: gatewaySubnetId
        nodeLabels: { 'rport/role': 'gateway' }
        nodeTaints: ['rport/role=gateway:NoSchedule']
        enableNodePublicIP: true
        nodePublicIPPrefixID: gatewayPrefixId
        networkProfile: {
          allowedHostPorts: [
            { portStart: tunnelPorts.first, portEnd: tunnelPorts.last, protocol: 'TCP' }
            { portStart: tunnelPorts.first, portEnd: tunnelPorts.last, protocol: 'UDP' }
          ]
        }
        // A node is renewed in place and keeps its address; a surge node would need one of its own, and the prefix has none to spare.
        upgradeSettings: { maxSurge: '0', maxUnavailable: '1', drainTimeoutInMinutes: 10 }
      }
    ]
  }
}

resource collection 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: '${name}-containers'
  location: location
  kind: 'Linux'
  properties: {
    dataSources: {
      extensions: [
        {
          name: 'ContainerInsightsExtension'
          extensionName: 'ContainerInsights'
          streams: ['Microsoft-ContainerLogV2', 'Microsoft-KubeEvents', 'Microsoft-KubePodInventory']
          extensionSettings: { dataCollectionSettings: { interval: '1m', namespaceFilteringMode: 'Include', namespaces: ['rport'], enableContainerLogV2: true } }
        }
      ]
    }
    destinations: { logAnalytics: [{ name: 'workspace', workspaceResourceId: workspaceId }] }
    dataFlows: [
      {
        streams: ['Microsoft-ContainerLogV2', 'Microsoft-KubeEvents', 'Microsoft-KubePodInventory']
        destinations: ['workspace']
      }
    ]
  }
}

resource collected 'Microsoft.Insights/dataCollectionRuleAssociations@2023-03-11' = {
  name: 'ContainerInsightsExtension'
  scope: cluster
  properties: { dataCollectionRuleId: collection.id }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: cluster
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'kube-audit-admin', enabled: true }
      { category: 'guard', enabled: true }
      { category: 'cluster-autoscaler', enabled: false }
    ]
  }
}

output name string = cluster.name
output issuer string = cluster.properties.oidcIssuerProfile.issuerURL
output kubeletPrincipalId string = cluster.properties.identityProfile.kubeletidentity.objectId
