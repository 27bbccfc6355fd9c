using RPort.Gateway.Access;
using RPort.Gateway.Agents;
using RPort.Gateway.Payloads;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;

namespace RPort.Gateway.Cluster;

/// <summary>Where this gateway's grains are: in its own process, or in the silos of a cluster.</summary>
internal static class ClusterSetup
{
    public static void AddCluster(this WebApplicationBuilder builder)
    {
        if (EarlyOptions.Read<ClusterOptions>(builder.Configuration, ClusterOptions.Section).Mode == ClusterMode.Single)
        {
            builder.AddRPortSilo(holdsGateway: true);
            return;
        }

        RequireWhatGatewaysShare(builder.Configuration);
        builder.AddRPortClusterClient();
        builder.Services.AddHostedService<ClusterWarnings>();
    }

    /// <summary>What each gateway would otherwise make for itself, so that a token or a file of one would mean nothing to the next.</summary>
    private static void RequireWhatGatewaysShare(IConfiguration configuration)
    {
        AccessOptions access = EarlyOptions.Read<AccessOptions>(configuration, AccessOptions.Section);
        PayloadOptions payloads = EarlyOptions.Read<PayloadOptions>(configuration, PayloadOptions.Section);
        if (access.Auth.Length == 0 || access.SigningKey.Length == 0)
        {
            throw new ConfigurationMistakeException($"{AccessOptions.Section}:{nameof(access.Auth)} and {AccessOptions.Section}:{nameof(access.SigningKey)} must be given with Cluster:Mode=Cluster, the same on every gateway.");
        }

        AgentDoorOptions door = EarlyOptions.Read<AgentDoorOptions>(configuration, AgentDoorOptions.Section);
        if ((door.HostKey.Length == 0 && door.HostKeySeed.Length == 0) || (door.Auth.Length == 0 && door.AuthFile.Length == 0))
        {
            throw new ConfigurationMistakeException($"{AgentDoorOptions.Section}:{nameof(door.HostKey)} (or {nameof(door.HostKeySeed)}), and {AgentDoorOptions.Section}:{nameof(door.Auth)} or {nameof(door.AuthFile)}, must be given with Cluster:Mode=Cluster, the same on every gateway.");
        }

        if (payloads.Store == PayloadStoreKind.Folder && payloads.Folder == new PayloadOptions().Folder)
        {
            throw new ConfigurationMistakeException($"{PayloadOptions.Section}:{nameof(payloads.Store)} must be AzureBlob with Cluster:Mode=Cluster (or {PayloadOptions.Section}:{nameof(payloads.Folder)} a folder all gateways share).");
        }
    }
}
