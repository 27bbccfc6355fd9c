using Orleans;
using RPort.Gateway.Agents.Credentials;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Registration;

/// <summary>Which credential may claim which client id.</summary>
internal sealed class ClientOwnership(IGrainFactory grains, AgentCredentialStore credentials, AgentDoorOptions options)
{
    /// <summary>Null where the claim is in order; else the text for the agent.</summary>
    public async Task<string?> RefusalAsync(AgentClaim claim)
    {
        if (options.BindClientIds && await IsOwnedByAnotherAsync(claim))
        {
            return $"client id is already in use with another client auth ID: {claim.Client}";
        }

        if (!options.AuthMultiUse && await HasAnotherClientAsync(claim))
        {
            return $"client auth ID is already in use: \"{claim.AuthId}\"";
        }

        return null;
    }

    // Once its old credential is gone, a machine may come back with a new one: that is how credentials are changed.
    private async Task<bool> IsOwnedByAnotherAsync(AgentClaim claim)
    {
        ClientRecord? known = await grains.GetGrain<IClientGrain>(claim.Client.Value).GetAsync();
        return known is not null
            && known.ClientAuthId.Length > 0
            && known.ClientAuthId != claim.AuthId
            && credentials.Contains(known.ClientAuthId);
    }

    private async Task<bool> HasAnotherClientAsync(AgentClaim claim)
    {
        // Filters know * and ignore case: the answer is compared again.
        ClientQuery query = new([new ClientFilter(["client_auth_id"], [claim.AuthId], AllValues: false)], [], Offset: 0, Limit: 100);
        ClientPage[] pages = await Task.WhenAll(
            ClientDirectoryShards.Keys.Select(key => grains.GetGrain<IClientDirectoryGrain>(key).QueryAsync(query)));
        return pages.Any(page => page.Clients.Any(client => client.ClientAuthId == claim.AuthId && client.Id != claim.Client));
    }
}
