using RPort.Gateway.Tunnels;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Agents.Registration;

/// <summary>What an agent that has logged in says it is.</summary>
/// <param name="Client">The client id it claims, or was given.</param>
/// <param name="ProcessSession">The random id of its process.</param>
/// <param name="AuthId">The name of the credential it logged in with.</param>
/// <param name="Inventory">Its machine.</param>
/// <param name="Remotes">Tunnels its configuration asks for.</param>
internal sealed record AgentClaim(ClientId Client, string ProcessSession, string AuthId, ClientInventory Inventory, IReadOnlyList<TunnelSpec> Remotes)
{
    private const int MaxProcessSession = 128;

    /// <summary>Whether the agent takes pushes beside each other and reports them by itself.</summary>
    public bool HasPush2 => Inventory.Features.Contains(ProtocolFeatures.Push2);

    /// <summary>Whether its tunnel channels keep half-close and report targets that cannot be reached.</summary>
    public bool HasTunnel2 => Inventory.Features.Contains(ProtocolFeatures.Tunnel2);

    /// <summary>Whether it goes to another gateway by itself when this one stops.</summary>
    public bool HasHandover => Inventory.Features.Contains(ProtocolFeatures.Handover);

    /// <summary>Reads a registration. False: <paramref name="refusal"/> is what to tell the agent.</summary>
    /// <param name="payload">The request's payload.</param>
    /// <param name="authId">The name of the credential it logged in with.</param>
    /// <param name="options">Which id an agent without one gets.</param>
    /// <param name="tunnels">Who may use tunnels that agents ask for.</param>
    /// <param name="claim">The claim, where there is one.</param>
    /// <param name="refusal">A text for the agent, where there is none.</param>
    public static bool TryRead(ReadOnlyMemory<byte> payload, string authId, AgentDoorOptions options, TunnelOptions tunnels, out AgentClaim claim, out string refusal)
    {
        claim = null!;
        refusal = "";
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.ConnectionRequest) is not { } request)
        {
            refusal = "invalid connection request";
            return false;
        }

        string id = !string.IsNullOrEmpty(request.Id) ? request.Id
            : options.EquateClientAuthIdClientId ? authId
            : Guid.NewGuid().ToString();
        if (!ClientId.TryParse(id, null, out ClientId client))
        {
            refusal = $"invalid client id: 1 to {ClientId.MaxLength} visible characters without '/' are allowed";
            return false;
        }

        // An agent that names no process is a new one each time.
        string process = string.IsNullOrEmpty(request.SessionId) ? Guid.NewGuid().ToString() : request.SessionId;
        if (process.Length > MaxProcessSession)
        {
            refusal = "invalid session id";
            return false;
        }

        if (!RemoteTunnels.TryRead(request.Remotes, tunnels, out IReadOnlyList<TunnelSpec> remotes))
        {
            refusal = "invalid remotes";
            return false;
        }

        claim = new AgentClaim(client, process, authId, InventoryReader.Read(request, authId), remotes);
        return true;
    }
}
