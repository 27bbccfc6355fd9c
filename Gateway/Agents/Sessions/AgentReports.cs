using RPort.Gateway.Agents.Commands;
using RPort.Gateway.Agents.Pushes;
using RPort.Gateway.Agents.Registration;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>What a registered agent reports by itself: results of pushes and commands, its inventory, samples.</summary>
internal sealed class AgentReports(SessionEnvironment environment, ClientLink link, PushDelivery pushes) : IAsyncDisposable
{
    private readonly CommandResults _commands = new(environment);

    /// <summary>Who the agent is, with its latest inventory; null before it has said so.</summary>
    public AgentClaim? Claim { get; set; }

    /// <summary>The same, of one that has.</summary>
    public AgentClaim Registered => Claim ?? throw new InvalidOperationException("The agent has not registered.");

    /// <summary>Answers a report.</summary>
    public async ValueTask<SshReply> TakeAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        switch (request.Name)
        {
            case RequestNames.UploadResult:
                environment.Metrics.Request(request.Name);
                return await ReportPushAsync(request.Payload, cancellationToken);
            case RequestNames.UpdateInventory:
                environment.Metrics.Request(request.Name);
                return await UpdateInventoryAsync(connection, request.Payload, cancellationToken);
            case RequestNames.CommandResult:
                environment.Metrics.Request(request.Name);
                return await _commands.TakeAsync(Registered.Client, request);
            case RequestNames.SaveMeasurement or RequestNames.UpdatesStatus or RequestNames.IpAddresses:
                environment.Metrics.Request(request.Name);
                return SshReply.Ok();
            default:
                return SshReply.Fail(RequestNames.UnknownRequest);
        }
    }

    public ValueTask DisposeAsync() => _commands.DisposeAsync();

    private async Task<SshReply> ReportPushAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            return await pushes.ReportAsync(payload, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a grain call may throw: the agent keeps its result and tries again.
            AgentSessionLog.ReportFailed(environment.Logger, default, Registered.Client, e.Message);
            return SshReply.Fail("the result could not be recorded, try again");
        }
    }

    private async Task<SshReply> UpdateInventoryAsync(SshConnection connection, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.ConnectionRequest) is not { } request)
        {
            return SshReply.Fail("invalid inventory");
        }

        // What was agreed at the start holds to the end of the session.
        AgentClaim claim = Registered;
        ClientInventory inventory = InventoryReader.Read(request, connection.UserName) with { Features = claim.Inventory.Features };
        Claim = claim with { Inventory = inventory };
        try
        {
            await link.UpdateInventoryAsync(inventory, cancellationToken);
            return SshReply.Ok();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a grain call may throw: the inventory comes again with the next connect.
            AgentSessionLog.HeartbeatFailed(environment.Logger, claim.Client, e.Message);
            return SshReply.Fail("the inventory could not be recorded");
        }
    }
}
