namespace RPort.Ssh.Sftp;

/// <summary>
/// A client of SFTP version 3 (draft-ietf-secsh-filexfer-02) on a <c>session</c> channel of its own. Calls may run at once; each download or upload
/// keeps its own window of blocks in flight.
/// </summary>
public sealed class SftpClient : IAsyncDisposable
{
    private readonly SftpSession _session;
    private readonly SftpClientOptions _options;
    private readonly SshChannel? _channel; // owned; null over a bare stream

    private SftpClient(SftpSession session, SftpClientOptions options, SshChannel? channel)
    {
        _session = session;
        _options = options;
        _channel = channel;
    }

    /// <summary>
    /// Opens a <c>session</c> channel, asks for subsystem <c>sftp</c> (RFC 4254 section 6.5) and agrees on version 3, all within
    /// <see cref="SftpClientOptions.StallTimeout"/>.
    /// </summary>
    /// <exception cref="SshChannelOpenException">The server opens no such channel.</exception>
    /// <exception cref="SftpException">The server has no such subsystem, speaks another version, or did not answer in time.</exception>
    public static Task<SftpClient> OpenAsync(SshConnection connection, SftpClientOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        return WithinDeadlineAsync(token => OpenOnChannelAsync(connection, options, token), options, cancellationToken);
    }

    /// <summary>The same over any stream, which stays the caller's.</summary>
    internal static Task<SftpClient> OpenAsync(Stream stream, SftpClientOptions options, CancellationToken cancellationToken) => WithinDeadlineAsync(
        async token => new SftpClient(await SftpSession.OpenAsync(stream, options, token).ConfigureAwait(false), options, channel: null),
        options,
        cancellationToken);

    /// <summary>Looks at a file, through symbolic links.</summary>
    /// <exception cref="SftpException">The server refused; <see cref="SftpStatus.NoSuchFile"/> when there is none.</exception>
    public async Task<SftpAttributes> StatAsync(string path, CancellationToken cancellationToken)
    {
        using SftpAnswer answer = await AskAboutAsync(SftpPacketType.Stat, path, cancellationToken).ConfigureAwait(false);
        return answer.ReadAttributes();
    }

    /// <summary>The server's absolute form of a path.</summary>
    /// <exception cref="SftpException">The server refused.</exception>
    public async Task<string> RealPathAsync(string path, CancellationToken cancellationToken)
    {
        using SftpAnswer answer = await AskAboutAsync(SftpPacketType.RealPath, path, cancellationToken).ConfigureAwait(false);
        return answer.ReadName();
    }

    /// <summary>Removes a file.</summary>
    /// <exception cref="SftpException">The server refused.</exception>
    public async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        using SftpAnswer answer = await AskAboutAsync(SftpPacketType.Remove, path, cancellationToken).ConfigureAwait(false);
        answer.ThrowUnlessOk();
    }

    /// <summary>
    /// Reads a file from an offset to its end, many blocks at once, and hands them to the sink in order. The file ends where the server says when
    /// it is opened; one that turns out shorter is an error, and so is a hole.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">First byte wanted; what was stored before need not be read again.</param>
    /// <param name="sink">Takes the bytes, one call at a time; the memory is the sink's until its task ends. A slow sink slows the reading down.</param>
    /// <param name="cancellationToken">Gives up; the session stays usable unless a request was cut in half.</param>
    /// <returns>How many bytes the sink was given.</returns>
    /// <exception cref="SftpException">The server refused, went silent, or the file is shorter than it was said to be.</exception>
    public Task<long> DownloadAsync(string path, long offset, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken) =>
        DownloadAsync(path, offset, expectedLength: null, sink, cancellationToken);

    /// <summary>
    /// The same for a file whose whole length is known from elsewhere: nothing is asked beyond it, and the server is not asked for the size,
    /// which makes small files cheap.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="expectedLength">Bytes in the whole file; bytes behind that are not looked for.</param>
    /// <param name="sink">Takes the bytes, one call at a time; the memory is the sink's until its task ends.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many bytes the sink was given.</returns>
    /// <exception cref="SftpException">The server refused, went silent, or the file is shorter than expected.</exception>
    public async Task<long> DownloadAsync(
        string path, long offset, long? expectedLength, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return await WithOpenFileAsync(
            path,
            SftpOpenFlags.Read,
            handle => new SftpDownload(_session, handle, _options).RunAsync(offset, expectedLength, sink, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a stream to a file, which is made or emptied first, many blocks at once. Returns once the server has acknowledged all.</summary>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="SftpException">The server refused or went silent. The file may be there in part.</exception>
    public async Task<long> UploadAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        return await WithOpenFileAsync(
            path,
            SftpOpenFlags.Write | SftpOpenFlags.Create | SftpOpenFlags.Truncate,
            handle => new SftpUpload(_session, handle, _options).RunAsync(content, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the session and closes its channel, without waiting for the server's side of it. Outstanding calls fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
        {
            await _channel.CloseAsync().ConfigureAwait(false);
        }

        await _session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<SftpClient> WithinDeadlineAsync(
        Func<CancellationToken, Task<SftpClient>> open, SftpClientOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        using var deadline = new CancellationTokenSource(options.StallTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await open(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SftpException(SftpStatus.ConnectionLost, $"The server did not open an SFTP session within {options.StallTimeout}.");
        }
    }

    private static async Task<SftpClient> OpenOnChannelAsync(SshConnection connection, SftpClientOptions options, CancellationToken cancellationToken)
    {
        SshChannel channel = await connection.OpenChannelAsync("session", ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await channel.RequestAsync("subsystem", SubsystemName(), cancellationToken).ConfigureAwait(false))
            {
                throw new SftpException(SftpStatus.NoConnection, "The server has no sftp subsystem.");
            }

            SftpSession session = await SftpSession.OpenAsync(channel.AsStream(), options, cancellationToken).ConfigureAwait(false);
            return new SftpClient(session, options, channel);
        }
        catch
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static byte[] SubsystemName()
    {
        using var name = new SftpWriter(16);
        name.String("sftp");
        return name.Written.ToArray();
    }

    private async Task<long> WithOpenFileAsync(string path, SftpOpenFlags flags, Func<byte[], Task<long>> transfer, CancellationToken cancellationToken)
    {
        byte[] handle = await OpenFileAsync(path, flags, cancellationToken).ConfigureAwait(false);
        long bytes;
        try
        {
            bytes = await transfer(handle).ConfigureAwait(false);
        }
        catch
        {
            await AbandonFileAsync(handle).ConfigureAwait(false);
            throw;
        }

        await CloseFileAsync(handle, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    private async Task<byte[]> OpenFileAsync(string path, SftpOpenFlags flags, CancellationToken cancellationToken)
    {
        using var request = new SftpWriter(256);
        cancellationToken.ThrowIfCancellationRequested();
        byte[] name = SftpWire.StrictUtf8.GetBytes(path); // first of all: a path that is no text must leave no request behind
        Task<SftpAnswer> opened = _session.Begin(request, SftpPacketType.Open);
        request.String(name);
        request.UInt32((uint)flags);
        request.UInt32(0); // no attributes
        request.End();
        using SftpAnswer answer = await SendAsync(request, opened, cancellationToken).ConfigureAwait(false);
        return answer.ReadHandle();
    }

    /// <summary>Frees the server's handle after a failure, without waiting for the answer, if the session still stands.</summary>
    private async Task AbandonFileAsync(byte[] handle)
    {
        using var request = new SftpWriter(256);
        try
        {
            _ = _session.Begin(request, SftpPacketType.Close);
            request.String(handle);
            request.End();
            await _session.SendAsync(request.Written, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SftpException)
        {
            // The session is gone, and the handle with it; the failure to tell is the one that brought us here.
        }
    }

    private async Task CloseFileAsync(byte[] handle, CancellationToken cancellationToken)
    {
        using SftpAnswer answer = await AskAboutAsync(SftpPacketType.Close, handle, cancellationToken).ConfigureAwait(false);
        answer.ThrowUnlessOk();
    }

    private Task<SftpAnswer> AskAboutAsync(SftpPacketType type, string path, CancellationToken cancellationToken) =>
        AskAboutAsync(type, SftpWire.StrictUtf8.GetBytes(path), cancellationToken);

    private async Task<SftpAnswer> AskAboutAsync(SftpPacketType type, byte[] pathOrHandle, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new SftpWriter(256);
        Task<SftpAnswer> answer = _session.Begin(request, type);
        request.String(pathOrHandle);
        request.End();
        return await SendAsync(request, answer, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SftpAnswer> SendAsync(SftpWriter request, Task<SftpAnswer> answer, CancellationToken cancellationToken)
    {
        await _session.SendAsync(request.Written, cancellationToken).ConfigureAwait(false);
        return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}
