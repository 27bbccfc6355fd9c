using Microsoft.Extensions.Logging;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>Gets a push's content into its staging file, whole and verified. What the file holds already counts; if the whole then proves wrong, it starts anew once.</summary>
internal sealed class PayloadFetch(IPlatformFiles files, FileReceiverSettings settings, TimeProvider clock, ILogger logger)
{
    /// <exception cref="PushFailedException">It cannot be had, or is not what the order says.</exception>
    /// <exception cref="OperationCanceledException">The connection is gone or the push was taken back; what arrived is in the file.</exception>
    public async Task RunAsync(PushRun run, FileStream staging)
    {
        using Checksum checksum = Checksum.For(run.Order);
        long have = staging.Length;
        if (have > (run.Order.Size ?? long.MaxValue)) { have = Empty(staging); }
        if (have > 0) { FilesLog.Resumed(logger, run.Order.Id, have); }
        FileContent.AppendTo(checksum, staging.SafeFileHandle, have, run.Fetching);
        while (true)
        {
            if (run.Order.Size != have) { await DownloadAsync(run, staging, checksum, have).ConfigureAwait(false); }
            if (checksum.Matches()) { return; }
            if (have == 0) { throw new PushFailedException(checksum.MismatchText); }
            have = Empty(staging); // the part from before was of something else, or was damaged
        }
    }

    private async Task DownloadAsync(PushRun run, FileStream staging, Checksum checksum, long have)
    {
        UploadOrder order = run.Order;
        StagingWriter writer = new(files, staging.SafeFileHandle, checksum, have, order.Size ?? long.MaxValue);
        for (int retries = 0; ; retries++)
        {
            long before = writer.Position;
            try
            {
                await FetchAsync(run, writer).ConfigureAwait(false);
                break;
            }
            catch (IOException e)
            {
                FilesLog.FetchBrokeOff(logger, order.Id, writer.Position, e.Message);
                if (writer.Position > before) { retries = 0; }
                if (retries >= settings.FetchRetries.Count) { throw new PushFailedException($"the download broke off after {writer.Position} bytes: {e.Message}", e); }
                await Task.Delay(settings.FetchRetries[retries], clock, run.Fetching).ConfigureAwait(false);
            }
            catch (PayloadUnavailableException e)
            {
                throw new PushFailedException($"the server does not give the file: {e.Message}", e);
            }
        }

        if (order.Size is { } size && writer.Position != size)
        {
            throw new PushFailedException($"size check failed: the server announced {size} bytes and sent {writer.Position}");
        }
    }

    private static async Task FetchAsync(PushRun run, StagingWriter writer)
    {
        try
        {
            run.Fetching.ThrowIfCancellationRequested();
            await run.Link.Source.FetchAsync(run.Order.SourceFilePath, writer.Position, run.Order.Size, writer.AppendAsync, run.Fetching).ConfigureAwait(false);
        }
        finally
        {
            await writer.FlushAsync().ConfigureAwait(false); // after a loss as well: what arrived is not fetched twice
        }
    }

    private static long Empty(FileStream staging)
    {
        staging.SetLength(0);
        return 0;
    }
}
