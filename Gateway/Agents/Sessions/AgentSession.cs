using System.Net;
using RPort.Gateway.Agents.Pushes;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Tunnels.Live;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>
/// One agent's connection from its login to its end: it registers, then it is kept alive and given pushes. It ends once, in this order: the reason
/// is set (the first one wins), the agent gets its moment to read an answer, DISCONNECT and close, pushes stop, the client grain is told.
/// </summary>
internal sealed class AgentSession : ISshPeerHandler, IPulseOwner, IAsyncDisposable
{
    private readonly SessionEnvironment _environment;
    private readonly SessionTable _table;
    private readonly IPAddress _address;
    private readonly ClientLink _link;
    private readonly RequestBudget _budget;
    private readonly FileChannels _fileChannels;
    private readonly AgentReports _reports;
    private readonly TaskCompletionSource<SessionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ConnectResult> _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _ends = new();
    private volatile SshConnection? _connection;
    private bool _hasEnded;
    private bool _hasAsked;

    public AgentSession(SessionEnvironment environment, SessionTable table, IPAddress address)
    {
        _environment = environment;
        _table = table;
        _address = address;
        AgentSessionOptions options = environment.Options;
        _budget = new RequestBudget(options.RequestsPerSecond, options.RequestBurst, environment.Clock);
        _link = new ClientLink(environment, Id, table.Gateway, address.ToString(), new SessionEar(this));
        Pushes = new PushDelivery(environment);
        Pulse = new SessionPulse(options, environment.Clock);
        _fileChannels = new FileChannels(environment, Pushes.Files);
        _reports = new AgentReports(environment, _link, Pushes);
        Tunnels = new SessionTunnels(environment.Tunnels);
        Questions = new SessionQuestions(environment, _link, () => _connection, Tunnels);
    }

    /// <summary>This connection.</summary>
    public SessionId Id { get; } = SessionId.New();

    /// <summary>The client it is registered as; null before.</summary>
    public ClientId? Client => IsRegistered ? _reports.Registered.Client : null;

    /// <summary>The pushes it carries.</summary>
    public PushDelivery Pushes { get; }

    /// <summary>The tunnels it has open.</summary>
    public SessionTunnels Tunnels { get; }

    /// <summary>What is asked of it.</summary>
    public SessionQuestions Questions { get; }

    /// <summary>Whether the agent lives.</summary>
    public SessionPulse Pulse { get; }

    // While an existing agent carries out a push it answers no ping.
    TimeSpan IPulseOwner.AllowedSilence => Pushes.IsAgentBusy ? _environment.Options.BusySilence : TimeSpan.Zero;

    private bool IsRegistered => _registered.Task.IsCompletedSuccessfully;

    private AgentSessionOptions Options => _environment.Options;

    /// <summary>Ends the session. The first reason wins. Returns at once.</summary>
    public void End(SessionEnd end) => _end.TrySetResult(end);

    /// <summary>This gateway stops: the agent goes to another one, by itself where it can. Returns once it was told.</summary>
    public async Task HandOverAsync(CancellationToken cancellationToken)
    {
        if (_connection is { } connection && _reports.Claim is { HasHandover: true })
        {
            await connection.NotifyAsync(RequestNames.HandOver, default, cancellationToken);
        }
        else
        {
            End(new SessionEnd(SshDisconnectReason.ByApplication, "the gateway is shutting down"));
        }
    }

    /// <summary>Runs the session over a connection that has logged in, until it is closed and all of it has ended.</summary>
    public async Task RunAsync(SshConnection connection)
    {
        _connection = connection;
        using CancellationTokenSource life = new();
        await using CancellationTokenRegistration stopping = _table.Stopping.Register(
            () => End(new SessionEnd(SshDisconnectReason.ByApplication, "the gateway is shutting down")));

        Task live = LiveAsync(connection, life.Token);
        bool asked = await Task.WhenAny(_end.Task, connection.Completion) == _end.Task;
        await Tunnels.DisposeAsync(); // first of all: the client's next session waits for the ports
        if (asked)
        {
            SessionEnd end = await _end.Task;
            if (end.Linger > TimeSpan.Zero)
            {
                await Task.WhenAny(connection.Completion, Task.Delay(end.Linger, _environment.Clock));
            }

            await connection.CloseAsync(end.Code, end.Message);
        }

        await life.CancelAsync();
        SshCloseReason reason = await connection.Completion;
        await live;
        LogEnd(reason);
    }

    /// <summary>Stops pushes and tells the client grain. The connection is closed before.</summary>
    public async ValueTask DisposeAsync()
    {
        End(new SessionEnd(SshDisconnectReason.ConnectionLost, "closed"));
        Shut();
        await Tunnels.DisposeAsync();
        await Pushes.DisposeAsync();
        await _link.DisposeAsync();
        await _reports.DisposeAsync();
        Pulse.Dispose();
    }

    public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        if (!_budget.TryTake())
        {
            End(new SessionEnd(SshDisconnectReason.ByApplication, "too many requests"));
            return SshReply.Fail("too many requests");
        }

        if (request.Payload.Length > Options.MaxRequestBytes)
        {
            return SshReply.Fail($"request is longer than {Options.MaxRequestBytes} bytes");
        }

        switch (request.Name)
        {
            case RequestNames.Ping:
                return SshReply.Ok();
            case RequestNames.NewConnection:
                return await RegisterAsync(connection, request.Payload, cancellationToken);
            case RequestNames.UploadResult or RequestNames.UpdateInventory when !IsRegistered:
                return SshReply.Fail("not registered");
            default:
                return IsRegistered
                    ? await _reports.TakeAsync(connection, request, cancellationToken)
                    : SshReply.Fail(RequestNames.UnknownRequest);
        }
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken)
    {
        if (!_budget.TryTake())
        {
            End(new SessionEnd(SshDisconnectReason.ByApplication, "too many requests"));
            return ValueTask.FromResult(SshChannelVerdict.Reject(SshChannelOpenFailure.ResourceShortage, "too many requests"));
        }

        return ValueTask.FromResult(_fileChannels.Decide(open, Client));
    }

    async Task<bool> IPulseOwner.HeartbeatAsync(CancellationToken cancellationToken)
    {
        HeartbeatResult result = await _link.HeartbeatAsync(cancellationToken);
        if (result.Current)
        {
            Pushes.Offer(result.Pending);
            Tunnels.Offer(result.Tunnels);
        }

        return result.Current;
    }

    async Task<bool> IPulseOwner.ReconnectAsync(CancellationToken cancellationToken)
    {
        ConnectResult result = await _link.ConnectAsync(_reports.Registered, cancellationToken);
        if (result.Accepted)
        {
            Pushes.Offer(result.Pending);
            Tunnels.Offer(result.Tunnels);
        }

        return result.Accepted;
    }

    void IPulseOwner.HeartbeatFailed(Exception error) => AgentSessionLog.HeartbeatFailed(_environment.Logger, _reports.Registered.Client, error.Message);

    private async Task LiveAsync(SshConnection connection, CancellationToken life)
    {
        try
        {
            ConnectResult result = await _registered.Task.WaitAsync(Options.RegistrationTimeout, _environment.Clock, life);
            await connection.NotifyAsync(RequestNames.PutCapabilities, GatewayCapabilities.Json, life);
            AgentClaim claim = _reports.Registered;
            Pushes.Start(new PushRun(_environment, _link, connection, claim.Client, claim.HasPush2, () => _reports.Registered.Inventory.FileReceptionEnabled));
            Pushes.Offer(result.Pending);
            End(await Pulse.RunAsync(connection, this, life));
        }
        catch (TimeoutException)
        {
            End(new SessionEnd(SshDisconnectReason.ByApplication, $"not registered within {Options.RegistrationTimeout:c}"));
        }
        catch (Exception e) when (e is OperationCanceledException or SshException)
        {
            // The connection ended first.
        }
        catch (Exception e)
        {
            // The edge of the session: whatever it was, this agent dials again and the others do not notice.
            AgentSessionLog.Failed(_environment.Logger, Id, e);
            End(new SessionEnd(SshDisconnectReason.ByApplication, "internal error"));
        }
    }

    private async Task<SshReply> RegisterAsync(SshConnection connection, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (_hasAsked)
        {
            End(new SessionEnd(SshDisconnectReason.ProtocolError, RequestNames.UnexpectedConnection, Options.RefusalLinger));
            return SshReply.Fail(RequestNames.UnexpectedConnection);
        }

        _hasAsked = true;
        if (!AgentClaim.TryRead(payload, connection.UserName, _environment.Door, _environment.Tunnels.Options, out AgentClaim claim, out string refusal))
        {
            return Refuse(connection, refusal);
        }

        try
        {
            ClientOwnership ownership = new(_environment.Grains, _environment.Credentials, _environment.Door);
            if (await ownership.RefusalAsync(claim).WaitAsync(Options.GrainTimeout, _environment.Clock, cancellationToken) is { } foreign)
            {
                return Refuse(connection, foreign);
            }

            _reports.Claim = claim;
            ConnectResult result = await _link.ConnectAsync(claim, cancellationToken);
            if (!result.Accepted)
            {
                return Refuse(connection, $"client is already connected: {result.HolderName} [{claim.Client}]");
            }

            if (!TryOpen())
            {
                return SshReply.Fail("closed");
            }

            AgentSessionLog.Registered(_environment.Logger, claim.Client, _address, claim.AuthId, claim.Inventory.Version, Id);
            _registered.SetResult(result);
            SessionScope scope = new(claim.Client, connection, claim.HasTunnel2, _link);
            await Tunnels.StartAsync(scope, result.Tunnels, claim.Remotes, cancellationToken);
            return SshReply.Ok(RemoteTunnels.Reply(Tunnels.All));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a grain call may throw: this agent may try again on a new connection.
            AgentSessionLog.Failed(_environment.Logger, Id, e);
            return Refuse(connection, "the server cannot register clients at the moment");
        }
    }

    // The registration may come to its end just after the connection did.
    private bool TryOpen()
    {
        lock (_ends)
        {
            if (_hasEnded)
            {
                return false;
            }

            _table.Add(this);
            _environment.Metrics.SessionOpened();
            return true;
        }
    }

    private void Shut()
    {
        lock (_ends)
        {
            _hasEnded = true;
            if (_table.Remove(this))
            {
                _environment.Metrics.SessionClosed();
            }
        }
    }

    private SshReply Refuse(SshConnection connection, string text)
    {
        AgentSessionLog.RegistrationRefused(_environment.Logger, _address, connection.UserName, text);
        End(new SessionEnd(SshDisconnectReason.ByApplication, text, Options.RefusalLinger));
        return SshReply.Fail(text);
    }

    private void LogEnd(SshCloseReason reason)
    {
        if (Client is { } client)
        {
            AgentSessionLog.Ended(_environment.Logger, client, Id, reason.Text());
        }
        else
        {
            AgentSessionLog.EndedUnregistered(_environment.Logger, _address, reason.Text());
        }
    }
}
