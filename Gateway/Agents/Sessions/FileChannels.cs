using System.Buffers.Binary;
using RPort.Gateway.Agents.Pushes;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Gateway.Agents.Sessions;

/// <summary>The channels on which an agent fetches files: <c>session</c> with the subsystem <c>sftp</c>, a bounded number, nothing else.</summary>
internal sealed class FileChannels(SessionEnvironment environment, SessionFiles files)
{
    private static readonly TimeSpan SubsystemTimeout = TimeSpan.FromSeconds(20);

    private SftpServer? _server;
    private int _open;
    private bool _hasRefused;

    /// <summary>The verdict on a channel the agent wants. Null for the client: it has not registered.</summary>
    public SshChannelVerdict Decide(SshChannelOpen open, ClientId? client)
    {
        if (open.Type != RequestNames.SessionChannel)
        {
            // Whatever it is: the gateway never dials on an agent's behalf.
            LogRefused(open.Type, client);
            return SshChannelVerdict.Reject(SshChannelOpenFailure.UnknownChannelType, "unknown channel type");
        }

        return client is { } registered ? Open(registered) : SshChannelVerdict.Reject(SshChannelOpenFailure.AdministrativelyProhibited, "not registered");
    }

    private SshChannelVerdict Open(ClientId client)
    {
        if (Interlocked.Increment(ref _open) > environment.Options.MaxFileChannels)
        {
            Interlocked.Decrement(ref _open);
            return SshChannelVerdict.Reject(SshChannelOpenFailure.ResourceShortage, "too many file channels");
        }

        _server ??= new SftpServer(files, new SftpServerOptions { TimeProvider = environment.Clock });
        return SshChannelVerdict.Accept((channel, cancellationToken) => ServeAsync(channel, client, cancellationToken));
    }

    // Once per session: the agent decides how often it asks.
    private void LogRefused(string type, ClientId? client)
    {
        if (!_hasRefused)
        {
            _hasRefused = true;
            string shown = string.Concat(type.Take(64).Select(static c => char.IsControl(c) ? '?' : c));
            AgentSessionLog.ChannelRefused(environment.Logger, client ?? default, shown);
        }
    }

    private async Task ServeAsync(SshChannel channel, ClientId client, CancellationToken cancellationToken)
    {
        TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.RequestHandler = (request, _) => ValueTask.FromResult(IsSftp(request) && granted.TrySetResult());
        try
        {
            await granted.Task.WaitAsync(SubsystemTimeout, environment.Clock, cancellationToken);
            await _server!.ServeAsync(channel, cancellationToken);
        }
        catch (Exception e) when (e is SftpException or SshException or IOException or TimeoutException or OperationCanceledException)
        {
            // The agent broke off or broke the rules; the channel is closed in any case.
            AgentSessionLog.FileChannelEnded(environment.Logger, client, e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static bool IsSftp(SshChannelRequest request)
    {
        ReadOnlySpan<byte> payload = request.Payload.Span;
        return request.Type == "subsystem"
            && payload.Length >= sizeof(uint)
            && BinaryPrimitives.ReadUInt32BigEndian(payload) == payload.Length - sizeof(uint)
            && payload[sizeof(uint)..].SequenceEqual("sftp"u8);
    }
}
