using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Payloads;
using RPort.Ssh.Sftp;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>An open payload of a grant. Every read has a deadline; none outlives the grant. Owns the reader. One call at a time.</summary>
internal sealed class GrantedFile : ISftpFile
{
    private readonly PayloadGrant _grant;
    private readonly IPayloadReader _reader;
    private readonly SessionEnvironment _environment;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenRegistration _revoked;
    private CancellationToken _caller;
    private CancellationTokenRegistration _callerRegistration;

    public GrantedFile(PayloadGrant grant, IPayloadReader reader, SessionEnvironment environment)
    {
        _grant = grant;
        _reader = reader;
        _environment = environment;
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, environment.Clock);
        _revoked = grant.Revoked.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        Attributes = SessionFiles.AttributesOf(grant.Order);
    }

    public SftpAttributes Attributes { get; }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_stop.IsCancellationRequested)
        {
            throw new IOException("The push was taken back, or its payload did not come in time.");
        }

        Follow(cancellationToken);
        _stop.CancelAfter(_environment.Options.PayloadReadTimeout);
        int read;
        try
        {
            read = await _reader.ReadAsync(offset, buffer, _stop.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw SessionFiles.Unreadable(_environment, _grant.Order.Upload, e);
        }

        _stop.CancelAfter(Timeout.InfiniteTimeSpan);
        if (read > 0)
        {
            _environment.Metrics.PayloadServed(read);
            await _grant.ServedAsync(offset + read);
        }

        return read;
    }

    public async ValueTask DisposeAsync()
    {
        await _callerRegistration.DisposeAsync();
        await _revoked.DisposeAsync();
        await _reader.DisposeAsync();
        _stop.Dispose();
    }

    // The same token comes with every read of a session: one registration serves them all.
    private void Follow(CancellationToken caller)
    {
        if (caller != _caller)
        {
            _callerRegistration.Dispose();
            _caller = caller;
            _callerRegistration = caller.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        }
    }
}
