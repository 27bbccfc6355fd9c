using System.Collections.Concurrent;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Payloads;
using RPort.Grains.Abstractions;
using RPort.Ssh.Sftp;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>All that one agent sees by SFTP: the payloads granted to its session, each under its own random path. There are no directories.</summary>
internal sealed class SessionFiles(SessionEnvironment environment, Action foreignPath) : ISftpFileSource
{
    // As small as it gets: every session has one, and few are in use at a time.
    private readonly ConcurrentDictionary<string, PayloadGrant> _grants = new(concurrencyLevel: 1, capacity: 1, StringComparer.Ordinal);

    /// <summary>Lets the agent read this order's payload, until <see cref="Revoke"/>.</summary>
    public PayloadGrant Grant(PushOrder order, Func<PayloadGrant, long, Task> progress)
    {
        PayloadGrant grant = new(order, environment.Clock, progress);
        _grants[grant.Path] = grant;
        return grant;
    }

    /// <summary>Ends a grant; files open under it fail.</summary>
    public void Revoke(PayloadGrant grant)
    {
        _grants.TryRemove(grant.Path, out _);
        grant.Dispose();
    }

    public async ValueTask<ISftpFile?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (Find(path) is not { } grant)
        {
            return null;
        }

        using CancellationTokenSource deadline = new(environment.Options.PayloadReadTimeout, environment.Clock);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, grant.Revoked, cancellationToken);
        try
        {
            IPayloadReader? reader = await environment.Payloads.OpenReadAsync(grant.Order.Upload, any.Token);
            return reader is null ? null : new GrantedFile(grant, reader, environment);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unreadable(environment, grant.Order.Upload, e);
        }
    }

    public ValueTask<SftpAttributes?> StatAsync(string path, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(path) is { } grant ? AttributesOf(grant.Order) : null);

    public ValueTask<string> RealPathAsync(string path, CancellationToken cancellationToken) =>
        ValueTask.FromResult(path.StartsWith('/') ? path : "/" + (path == "." ? "" : path));

    internal static SftpAttributes AttributesOf(PushOrder order) => new() { Size = order.Size, Permissions = SftpAttributes.RegularFile | 0x100 };

    /// <summary>A store that hesitates or fails is a failed read to the agent, which tries again; it does not end the session.</summary>
    internal static IOException Unreadable(SessionEnvironment environment, UploadId upload, Exception error)
    {
        AgentSessionLog.PayloadUnreadable(environment.Logger, upload, error.Message);
        return new IOException("The payload cannot be read now.", error);
    }

    private PayloadGrant? Find(string path)
    {
        if (_grants.TryGetValue(path, out PayloadGrant? grant))
        {
            return grant;
        }

        foreignPath();
        return null;
    }
}
