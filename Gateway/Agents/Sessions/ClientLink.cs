using Orleans;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>
/// A session's line to the grain of its client: shows the fence with every call and puts a deadline on each. Holds the observer reference, from
/// the first connect until it is disposed; the reference is weak on the engine's side, so the observer is kept alive here.
/// </summary>
internal sealed class ClientLink(SessionEnvironment environment, SessionId session, GatewayId gateway, string address, ISessionObserver observer)
    : ITunnelLedger, IAsyncDisposable
{
    private const int DisconnectTries = 3;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly ISessionObserver _observer = observer;
    private readonly Lock _ends = new();
    private bool _disposed;
    private Task<ConnectResult>? _connecting;
    private IClientGrain? _grain;
    private ISessionObserver? _reference;
    private long _epoch;

    private SessionFence Fence => new(session, Interlocked.Read(ref _epoch));

    private IClientGrain Grain => _grain ?? throw new InvalidOperationException("The session has not registered.");

    /// <summary>Registers the session, or registers it again after the grain has lost it. Throws <see cref="ObjectDisposedException"/> once disposed.</summary>
    public async Task<ConnectResult> ConnectAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        Task<ConnectResult> connecting;
        lock (_ends)
        {
            // A registration that comes to this point after its session has ended would have nobody to take it back.
            ObjectDisposedException.ThrowIf(_disposed, this);
            _grain ??= environment.Grains.GetGrain<IClientGrain>(claim.Client.Value);
            _reference ??= environment.Grains.CreateObjectReference<ISessionObserver>(_observer);
            ConnectRequest request = new(session, claim.ProcessSession, gateway, claim.AuthId, address, claim.Inventory);
            _connecting = connecting = _grain.ConnectAsync(request, _reference);
        }

        ConnectResult result = await InTimeAsync(connecting, cancellationToken);
        if (result.Accepted)
        {
            Interlocked.Exchange(ref _epoch, result.Fence.Epoch);
        }

        return result;
    }

    public Task<HeartbeatResult> HeartbeatAsync(CancellationToken cancellationToken) => InTimeAsync(Grain.HeartbeatAsync(Fence), cancellationToken);

    public Task UpdateInventoryAsync(ClientInventory inventory, CancellationToken cancellationToken) =>
        Grain.UpdateInventoryAsync(Fence, inventory).WaitAsync(environment.Options.GrainTimeout, environment.Clock, cancellationToken);

    public Task<ReportOutcome> ReportAsync(PushReport report, CancellationToken cancellationToken) =>
        InTimeAsync(Grain.ReportAsync(Fence, report), cancellationToken);

    public Task AnswerAsync(QuestionId question, SessionAnswer answer) =>
        Grain.AnswerAsync(Fence, question, answer).WaitAsync(environment.Options.GrainTimeout, environment.Clock, CancellationToken.None);

    Task<TunnelRecord?> ITunnelLedger.AddAsync(TunnelSpec spec, CancellationToken cancellationToken) => InTimeAsync(Grain.AddTunnelAsync(Fence, spec), cancellationToken);

    Task<bool> ITunnelLedger.ChangeAsync(TunnelRecord tunnel, CancellationToken cancellationToken) => InTimeAsync(Grain.ChangeTunnelAsync(Fence, tunnel), cancellationToken);

    Task<bool> ITunnelLedger.RemoveAsync(TunnelId tunnel, CancellationToken cancellationToken) => InTimeAsync(Grain.RemoveTunnelAsync(Fence, tunnel), cancellationToken);

    /// <summary>One-way: completes when the message is on its way.</summary>
    public Task ProgressAsync(UploadId upload, long bytes) => Grain.ProgressAsync(Fence, upload, bytes);

    /// <summary>Says that the session has ended, and lets the observer go.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_ends)
        {
            _disposed = true;
        }

        try
        {
            await DisconnectAsync();
        }
        finally
        {
            if (_reference is not null)
            {
                environment.Grains.DeleteObjectReference<ISessionObserver>(_reference);
            }
        }
    }

    private async Task DisconnectAsync()
    {
        if (!await IsConnectedAsync())
        {
            return;
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await Grain.DisconnectAsync(Fence).WaitAsync(environment.Options.GrainTimeout, environment.Clock, CancellationToken.None);
                return;
            }
            catch (Exception e)
            {
                // Whatever a grain call may throw: the lease of the session runs out by itself if no try gets through.
                if (attempt == DisconnectTries)
                {
                    AgentSessionLog.DisconnectNotTold(environment.Logger, session, e.Message);
                    return;
                }

                await Task.Delay(RetryPause, environment.Clock);
            }
        }
    }

    // A connect that nobody waited for any more may have been carried out, and is then to be taken back.
    private async Task<bool> IsConnectedAsync()
    {
        if (_connecting is null)
        {
            return false;
        }

        try
        {
            ConnectResult result = await InTimeAsync(_connecting, CancellationToken.None);
            if (result.Accepted)
            {
                Interlocked.Exchange(ref _epoch, result.Fence.Epoch);
            }
        }
        catch (Exception)
        {
            // Whatever a grain call may throw; it was seen by the one who called.
        }

        return Interlocked.Read(ref _epoch) > 0;
    }

    private Task<T> InTimeAsync<T>(Task<T> call, CancellationToken cancellationToken) =>
        call.WaitAsync(environment.Options.GrainTimeout, environment.Clock, cancellationToken);
}
