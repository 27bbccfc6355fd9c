using System.Text;
using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Connection;
using RPort.Agent.Logging;
using RPort.Agent.Tunnels;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Agent.Session;

/// <summary>
/// One registered connection to a gateway. Made by <see cref="OpenAsync"/>; does its work in <see cref="RunAsync"/>, which ends with the
/// connection. Between the two it stands by: a switch to another gateway opens the new session first and runs it once the old one has released
/// the file receiver.
/// </summary>
internal sealed class GatewaySession : ISshPeerHandler, IAgentSession
{
    private readonly SessionParts _parts;
    private readonly PushLink _pushes;
    private readonly TunnelService _tunnels;
    private readonly TunnelQuestions _questions;
    private readonly TaskCompletionSource<Capabilities> _capabilities = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _handoverWanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SshConnection? _connection;

    private GatewaySession(SessionParts parts, ServerAddress server)
    {
        _parts = parts;
        Server = server;
        _pushes = new PushLink(parts.Receiver);
        ClientOptions client = parts.Options.Client;
        TunnelDialer dialer = new(AllowList.Parse(client.TunnelAllowed), parts.Clock);
        _tunnels = new TunnelService(dialer, client.MaxTunnelConnections, parts.Clock, parts.Logger);
        _questions = new TunnelQuestions(dialer, _tunnels);
    }

    public ServerAddress Server { get; }

    public Task HandoverWanted => _handoverWanted.Task;

    private SshConnection Connection => _connection ?? throw new InvalidOperationException("The session is not open.");

    /// <summary>Dials, logs in and registers, all within the connect time-out.</summary>
    /// <exception cref="DialException">The gateway cannot be reached.</exception>
    /// <exception cref="SshException">It is not the pinned one, refused the login, or broke the protocol.</exception>
    /// <exception cref="LoginRefusedException">It refused the credential.</exception>
    /// <exception cref="RegistrationRefusedException">It refused the registration.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public static async Task<GatewaySession> OpenAsync(SessionParts parts, ServerAddress server, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(parts.Options.Connection.ConnectTimeout, parts.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        GatewaySession session = new(parts, server);
        try
        {
            Stream stream = await parts.Dial(server, either.Token).ConfigureAwait(false);
            session._connection = await SshConnection.ConnectAsync(stream, parts.Login.ToOptions(parts.Clock, parts.Options.Client.MaxTunnelConnections), session, either.Token).ConfigureAwait(false);
            await session.RegisterAsync(either.Token).ConfigureAwait(false);
            return session;
        }
        catch (Exception error)
        {
            await session.CloseAsync().ConfigureAwait(false);
            if (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"{server} did not take the connection within {parts.Options.Connection.ConnectTimeout.TotalSeconds:0.#} s", error);
            }

            if (error is SshAuthenticationException { Failure: SshAuthenticationFailure.CredentialsRefused })
            {
                throw new LoginRefusedException(error);
            }

            throw;
        }
    }

    /// <summary>Serves the connection until it ends, or until the token asks for its orderly end. Answers the first reason.</summary>
    public async Task<SshCloseReason> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task work = Task.WhenAll(KeepAliveAsync(ending.Token), ServeAsync(ending.Token));
        try
        {
            return await Connection.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await CloseAsync().ConfigureAwait(false);
            return await Connection.Completion.ConfigureAwait(false);
        }
        finally
        {
            _pushes.Release();
            await ending.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // cancelled just now; what failed earlier has logged itself
        }
    }

    /// <summary>Another session takes over: gives the file receiver free. The connection stays until it is closed.</summary>
    public void Release() => _pushes.Release();

    /// <summary>Ends the connection in order. May be called at any time and twice.</summary>
    public async ValueTask CloseAsync()
    {
        _pushes.Release();
        if (_connection is { } connection)
        {
            await connection.CloseAsync(SshDisconnectReason.ByApplication, "the agent closes the connection").ConfigureAwait(false);
        }
    }

    public async ValueTask<SshReply> OnRequestAsync(SshConnection connection, SshRequest request, CancellationToken cancellationToken)
    {
        switch (request.Name)
        {
            case RequestNames.Ping:
                return SshReply.Ok();
            case RequestNames.PutCapabilities:
                TakeCapabilities(ProtocolJson.TryRead(request.Payload, ProtocolJson.Default.Capabilities) ?? new Capabilities());
                return SshReply.Ok();
            case RequestNames.Upload:
                return await _pushes.TakeOrderAsync(request.Payload, cancellationToken).ConfigureAwait(false);
            case RequestNames.UploadCancel:
                _pushes.Cancel(request.Payload);
                return SshReply.Ok();
            case RequestNames.HandOver:
                _handoverWanted.TrySetResult();
                return SshReply.Ok();
            case RequestNames.CheckTunnelAllowed:
                return _questions.IsAllowed(request.Payload);
            case RequestNames.CheckPort:
                return _questions.IsOpen(request.Payload);
            case RequestNames.UpdateClientMetadata:
                return await UpdateAttributesAsync(request.Payload, cancellationToken).ConfigureAwait(false);
            default:
                return SshReply.Fail(RequestNames.UnknownRequest);
        }
    }

    public ValueTask<SshChannelVerdict> OnChannelOpenAsync(SshConnection connection, SshChannelOpen open, CancellationToken cancellationToken) =>
        ValueTask.FromResult(open.Type == RequestNames.TunnelChannel
            ? _tunnels.Open(open)
            : SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "this agent opens no such channel"));

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        byte[] request = ProtocolJson.Write(_parts.Registration.Quick(), ProtocolJson.Default.ConnectionRequest);
        SshReply reply = await Connection.RequestAsync(RequestNames.NewConnection, request, cancellationToken).ConfigureAwait(false);
        if (!reply.Success)
        {
            throw new RegistrationRefusedException(Encoding.UTF8.GetString(reply.Payload.Span[..Math.Min(reply.Payload.Length, 1024)]));
        }
    }

    private async Task KeepAliveAsync(CancellationToken cancellationToken)
    {
        await new KeepAlive(_parts.Options.Connection, _parts.Clock, _parts.Health).WatchAsync(Connection, cancellationToken).ConfigureAwait(false);
        await Connection.CloseAsync(SshDisconnectReason.ConnectionLost, "no sign of life from the gateway").ConfigureAwait(false);
    }

    /// <summary>Attaches the file receiver as soon as it is known what the gateway can do, then completes the inventory.</summary>
    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        Capabilities capabilities;
        try
        {
            capabilities = await _capabilities.Task.WaitAsync(SessionLimits.CapabilitiesWait, _parts.Clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            capabilities = new Capabilities();
        }

        _pushes.Attach(Connection, Has(capabilities, ProtocolFeatures.Push2), new SftpClientOptions { TimeProvider = _parts.Clock });
        try
        {
            if (Has(capabilities, ProtocolFeatures.Inventory2)
                && await _parts.Registration.CompleteAsync(cancellationToken).ConfigureAwait(false) is { } complete)
            {
                await SendInventoryAsync(complete, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SshException)
        {
            // The connection ended; the next one sends it again.
        }
    }

    private void TakeCapabilities(Capabilities capabilities)
    {
        _tunnels.Tunnel2 = Has(capabilities, ProtocolFeatures.Tunnel2);
        _capabilities.TrySetResult(capabilities);
    }

    private async ValueTask<SshReply> UpdateAttributesAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            ClientAttributes.Write(_parts.Options.Client, payload);
        }
        catch (AttributesFileException error)
        {
            return SshReply.Fail(error.Message);
        }

        if (_capabilities.Task is { IsCompletedSuccessfully: true } known && Has(known.Result, ProtocolFeatures.Inventory2))
        {
            await SendInventoryAsync(_parts.Registration.Quick(), cancellationToken).ConfigureAwait(false);
        }

        return SshReply.Ok(ProtocolJson.Write(new MetadataUpdated(), ProtocolJson.Default.MetadataUpdated));
    }

    private ValueTask SendInventoryAsync(ConnectionRequest inventory, CancellationToken cancellationToken) => Connection.NotifyAsync(
        RequestNames.UpdateInventory, ProtocolJson.Write(inventory, ProtocolJson.Default.ConnectionRequest), cancellationToken);

    private static bool Has(Capabilities capabilities, string feature) => capabilities.Features?.Contains(feature) == true;
}
