using RPort.Agent.Files;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Agent.Session;

/// <summary>Reads payloads by SFTP over one connection, each on a channel of its own.</summary>
internal sealed class PayloadSource(SshConnection connection, SftpClientOptions options) : IPayloadSource
{
    public async Task<long> FetchAsync(string sourcePath, long offset, long? length, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        try
        {
            SftpClient sftp = await SftpClient.OpenAsync(connection, options, cancellationToken).ConfigureAwait(false);
            await using (sftp.ConfigureAwait(false))
            {
                return await sftp.DownloadAsync(sourcePath, offset, length, sink, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SftpException error) when (error.Status is SftpStatus.NoSuchFile or SftpStatus.PermissionDenied)
        {
            throw new PayloadUnavailableException(error.Message, error);
        }
        catch (SshChannelOpenException error) when (error.Reason == SshChannelOpenFailure.AdministrativelyProhibited)
        {
            throw new PayloadUnavailableException(error.Message, error);
        }
        catch (Exception error) when (error is SftpException or SshException)
        {
            throw new IOException(error.Message, error);
        }
    }
}
