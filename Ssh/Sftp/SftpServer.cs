namespace RPort.Ssh.Sftp;

/// <summary>
/// Serves files read-only over SFTP version 3 (draft-ietf-secsh-filexfer-02): OPEN, READ, STAT, LSTAT, FSTAT, REALPATH, CLOSE and
/// <c>limits@openssh.com</c>. Whatever would change something is answered with permission denied, all else with operation unsupported.
/// One instance serves any number of sessions at once.
/// </summary>
public sealed class SftpServer
{
    private readonly ISftpFileSource _files;
    private readonly SftpServerOptions _options;

    /// <summary>Makes a server of these files.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit in the options makes no sense.</exception>
    public SftpServer(ISftpFileSource files, SftpServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _files = files;
        _options = options;
    }

    /// <summary>
    /// Serves one client on a channel whose <c>sftp</c> subsystem request was granted. Returns at the client's EOF, all files closed; the caller
    /// closes the channel at once, since existing clients wait for that.
    /// </summary>
    /// <exception cref="SftpException">The client broke the protocol or was idle for too long.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task ServeAsync(SshChannel channel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        await ServeAsync(channel.AsStream(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same over any stream, which stays the caller's.</summary>
    internal async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var session = new SftpServerSession(stream, _files, _options, cancellationToken);
        await using (session.ConfigureAwait(false))
        {
            await session.RunAsync().ConfigureAwait(false);
        }
    }
}
