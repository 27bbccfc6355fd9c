using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using RPort.Load.Figures;
using RPort.Protocol;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Load.Agents;

/// <summary>Takes pushes for all agents: fetches, verifies, throws the bytes away and reports.</summary>
internal sealed class PushTaker(FleetCounts counts)
{
    private static readonly SftpClientOptions Fetching = new();

    /// <summary>From the order to the recorded result.</summary>
    public Samples Durations { get; } = new();

    /// <summary>Accepts an order; the work goes on beside the connection.</summary>
    public SshReply Take(SshConnection connection, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.UploadOrder) is not { } order)
        {
            return SshReply.Fail("the upload order cannot be read");
        }

        _ = CarryOutAsync(connection, order, cancellationToken);
        return SshReply.Ok(ProtocolJson.Write(new UploadAccepted { Accepted = true }, ProtocolJson.Default.UploadAccepted));
    }

    private async Task CarryOutAsync(SshConnection connection, UploadOrder order, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the order is answered first
        long start = Stopwatch.GetTimestamp();
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (SftpClient sftp = await SftpClient.OpenAsync(connection, Fetching, cancellationToken))
            {
                await sftp.DownloadAsync(
                    order.SourceFilePath,
                    0,
                    order.Size,
                    block =>
                    {
                        hash.AppendData(block.Span);
                        return ValueTask.CompletedTask;
                    },
                    cancellationToken);
            }

            bool same = Convert.ToBase64String(hash.GetHashAndReset()) == order.Sha256Checksum;
            UploadResult result = new()
            {
                Id = order.Id,
                FilePath = same ? order.DestinationPath : "",
                Size = same ? order.Size ?? 0 : 0,
                Message = same ? "file successfully copied to destination" : "SHA-256 check failed",
                Status = same ? UploadResult.Success : UploadResult.Error,
                Attempt = order.Attempt,
            };
            SshReply reply = await connection.RequestAsync(
                RequestNames.UploadResult, ProtocolJson.Write(result, ProtocolJson.Default.UploadResult), cancellationToken);
            if (!reply.Success)
            {
                counts.Failed($"push: {Encoding.UTF8.GetString(reply.Payload.Span)}");
                return;
            }

            Durations.Add(Stopwatch.GetElapsedTime(start));
        }
        catch (Exception e) when (e is SshException or SftpException or IOException or OperationCanceledException)
        {
            counts.Failed($"push: {e.Message}");
        }
    }
}
