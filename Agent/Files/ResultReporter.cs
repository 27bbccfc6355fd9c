using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace RPort.Agent.Files;

/// <summary>Tells the gateway how pushes ended, one result at a time, again and again until it has each of them.</summary>
internal sealed class ResultReporter(PushJournal journal, FileReceiverSettings settings, TimeProvider clock, ILogger logger)
{
    private const int MaxBackoffFactor = 8;

    // One pending signal says all there is to say: look again.
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is a new result.</summary>
    public void Signal() => _signal.Writer.TryWrite(true);

    /// <summary>Works for one connection until it is gone.</summary>
    public async Task RunAsync(ReceptionLink link)
    {
        int factor = 1;
        try
        {
            while (true)
            {
                bool all = await ReportAllAsync(link).ConfigureAwait(false);
                factor = all ? 1 : Math.Min(factor * 2, MaxBackoffFactor);
                using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(link.Gone);
                using ITimer? timer = all ? null : clock.CreateTimer(_ => Signal(), null, settings.ReportRetry * (factor / 2.0), Timeout.InfiniteTimeSpan);
                await _signal.Reader.ReadAsync(wait.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is gone; the next one begins with all that is unreported.
        }
    }

    private async Task<bool> ReportAllAsync(ReceptionLink link)
    {
        bool all = true;
        foreach (JournalEntry entry in journal.Unreported())
        {
            string? problem = await ReportAsync(link, entry).ConfigureAwait(false);
            if (problem is null)
            {
                journal.MarkRecorded(entry);
                continue;
            }

            all = false;
            FilesLog.ReportFailed(logger, entry.Id, problem);
        }

        return all;
    }

    private async Task<string?> ReportAsync(ReceptionLink link, JournalEntry entry)
    {
        using CancellationTokenSource deadline = new(settings.ReportTimeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, link.Gone);
        try
        {
            return await link.Report!(entry.Result!, either.Token).ConfigureAwait(false) ? null : "the gateway has not recorded it";
        }
        catch (Exception e) when (!link.Gone.IsCancellationRequested)
        {
            return e.Message; // whatever it was, the result must get there: try again
        }
    }
}
