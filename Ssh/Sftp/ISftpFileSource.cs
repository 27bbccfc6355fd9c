namespace RPort.Ssh.Sftp;

/// <summary>
/// The read-only files a server serves. Paths are the client's text: opaque names, never to be handed to the file system unchecked.
/// Called one request after the other by each session, at once by several sessions.
/// </summary>
/// <remarks>
/// Failures that become a status: <see cref="UnauthorizedAccessException"/> (permission denied), <see cref="FileNotFoundException"/> and
/// <see cref="DirectoryNotFoundException"/> (no such file), any other <see cref="IOException"/> (failure, without its text). All else ends the session.
/// </remarks>
public interface ISftpFileSource
{
    /// <summary>Opens a file for reading; null when there is none of that name. The session disposes what it was given.</summary>
    ValueTask<ISftpFile?> OpenAsync(string path, CancellationToken cancellationToken);

    /// <summary>Looks at a file or directory; null when there is none of that name.</summary>
    ValueTask<SftpAttributes?> StatAsync(string path, CancellationToken cancellationToken);

    /// <summary>The absolute form of a path; it need not exist. <c>.</c> asks for the directory clients start in.</summary>
    ValueTask<string> RealPathAsync(string path, CancellationToken cancellationToken);
}
