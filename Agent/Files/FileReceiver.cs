using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Takes files pushed to this machine. Orders wait for their destination, then for one of a few places, then are worked through; results go to the journal
/// and from there to the gateway. Owns every task it starts.
/// </summary>
internal sealed class FileReceiver : IPushReceiver, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PushRun> _runs = new(StringComparer.Ordinal); // the newest of each id; ended ones leave, unless their answer is still to be fetched
    private readonly CancellationTokenSource _shutdown = new();
    private readonly FileReceptionOptions _options;
    private readonly PushJournal _journal;
    private readonly Destinations _destinations;
    private readonly PushSteps _steps;
    private readonly ResultReporter _reporter;
    private readonly DestinationLocks _locks;
    private readonly SemaphoreSlim _places;
    private readonly ILogger _logger;
    private CancellationTokenSource _gone = new();
    private ReceptionLink? _link;
    private Task _reporting = Task.CompletedTask;

    /// <exception cref="FormatException">A protected glob is malformed.</exception>
    public FileReceiver(FileReceptionOptions options, string dataDirectory, TimeProvider clock, ILogger logger, FileReceiverSettings? settings = null)
    {
        settings ??= new FileReceiverSettings();
        IPlatformFiles files = OperatingSystem.IsWindows() ? new WindowsFiles() : new UnixFiles();
        PushFolder folder = new(dataDirectory);
        IEnumerable<string> own = settings.ConfigFile is { } config ? [Path.GetFullPath(dataDirectory), Path.GetFullPath(config)] : [Path.GetFullPath(dataDirectory)];
        Sudo? sudo = options.AllowSudo && !OperatingSystem.IsWindows() ? new Sudo(settings, clock) : null;
        _options = options;
        _logger = logger;
        _locks = new DestinationLocks(files.Rules.Comparison);
        _places = new SemaphoreSlim(Math.Max(1, options.MaxConcurrent));
        _journal = new PushJournal(folder, files, settings, clock, logger);
        _reporter = new ResultReporter(_journal, settings, clock, logger);
        _destinations = new Destinations(files, new ProtectedPaths(options.Protected, own, files), folder);
        Placement placement = new(files, _destinations, folder, _journal, sudo, settings);
        _steps = new PushSteps(files, _destinations, folder, _journal, new PayloadFetch(files, settings, clock, logger), placement, settings);
        OpenJournal(folder);
    }

    public UploadReply Accept(UploadOrder order)
    {
        if (!_options.Enabled) { return Refuse(order, UploadRefusals.Disabled); }
        if (OrderRules.Problem(order) is { } problem) { return Refuse(order, problem); }
        FilePath destination, target;
        try
        {
            (destination, target) = _destinations.Judge(order);
        }
        catch (PushFailedException e)
        {
            return Refuse(order, e.Message);
        }

        lock (_gate)
        {
            if (_link is not { } link || _shutdown.IsCancellationRequested) { return Refuse(order, UploadRefusals.NotConnected); }
            PushRun? before = _runs.GetValueOrDefault(order.Id);
            if (link.Report is not null && Known(order, before, link)) { return UploadReply.Taken; }
            if (_runs.Count >= _options.MaxConcurrent + _options.MaxPending) { return Refuse(order, UploadRefusals.Busy); }
            PushRun run = new(order, destination, target, link, _shutdown.Token);
            if (before?.Attempt < run.Attempt) { before.TryCancel(); } // one of the same attempt waits for a connection that is gone and ends by itself
            _runs[order.Id] = run;
            run.Work = Task.Run(() => WorkAsync(run, before?.Work ?? Task.CompletedTask));
        }

        FilesLog.Taken(_logger, order.Id, order.DestinationPath);
        return UploadReply.Taken;
    }

    public async Task<UploadResult> WaitForResultAsync(string id, CancellationToken cancellationToken)
    {
        PushRun? run;
        lock (_gate) { run = _runs.GetValueOrDefault(id); }
        if (run is null)
        {
            return _journal.Find(id)?.Result ?? PushResults.Failed(new UploadOrder { Id = id }, RequestNames.UnknownUpload);
        }

        UploadResult? result = await run.Work.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate) { Leave(run); }
        return result ?? PushResults.Failed(run.Order, run.IsCancelled ? "the push was taken back" : "the connection was lost");
    }

    public void Attach(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>>? report)
    {
        Detach();
        lock (_gate)
        {
            _gone = new CancellationTokenSource();
            _link = new ReceptionLink(source, report, _gone.Token);
            if (report is not null) { _reporting = ReportAfterAsync(_reporting, _link); }
        }
    }

    public void Detach()
    {
        CancellationTokenSource gone;
        lock (_gate)
        {
            gone = _gone;
            _link = null;
            foreach (PushRun run in _runs.Values.Where(run => run.Once && run.Work.IsCompleted).ToList()) { Leave(run); } // nobody will ask any more
        }

        gone.Cancel();
    }

    public void Cancel(string id)
    {
        lock (_gate)
        {
            if (_runs.TryGetValue(id, out PushRun? run)) { run.TryCancel(); }
            else if (_journal.Find(id) is { Stage: not JournalStage.Done } entry && !MayBePlaced(entry)) { _journal.Remove(id); }
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Detach();
        Task[] all;
        lock (_gate)
        {
            _shutdown.Cancel();
            all = [_reporting, .. _runs.Values.Select(run => run.Work)];
        }

        await Task.WhenAll(all).ConfigureAwait(false); // a file being placed is placed
    }

    public void Dispose()
    {
        _gone.Dispose();
        _shutdown.Dispose();
        _places.Dispose();
    }

    private UploadReply Refuse(UploadOrder order, string why)
    {
        FilesLog.Refused(_logger, order.Id, why);
        return UploadReply.Refuse(why);
    }

    /// <summary>True where the order needs no new work: it is under way on this connection, has ended, or a later attempt has taken its place.</summary>
    private bool Known(UploadOrder order, PushRun? before, ReceptionLink link)
    {
        int attempt = order.Attempt ?? 0;
        if (before is { Work.IsCompleted: false, IsCancelled: false } && (before.Attempt > attempt || (before.Attempt == attempt && before.Link == link))) { return true; }
        return HasEnded(order.Id, attempt);
    }

    private bool HasEnded(string id, int attempt)
    {
        if (_journal.Find(id) is not { Stage: JournalStage.Done } done || done.Attempt < attempt) { return false; }
        _journal.MarkUnrecorded(done);
        _reporter.Signal();
        return true;
    }

    private async Task<UploadResult?> WorkAsync(PushRun run, Task before)
    {
        UploadResult? result = null;
        try
        {
            await before.ConfigureAwait(false);
            if (!run.Once && HasEnded(run.Order.Id, run.Attempt)) { return _journal.Find(run.Order.Id)?.Result; }
            using IDisposable turn = await _locks.EnterAsync(run.Target, run.Fetching).ConfigureAwait(false);
            await _places.WaitAsync(run.Fetching).ConfigureAwait(false);
            try
            {
                result = await _steps.RunAsync(run).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (PushFailedException e)
        {
            result = PushResults.Failed(run.Order, e.Message);
        }
        catch (OperationCanceledException)
        {
            // Taken back, or waiting for the next connection: told apart below.
        }
        catch (Exception e) // the edge of one push: whatever went wrong is its result and no other push's
        {
            FilesLog.Unexpected(_logger, run.Order.Id, e);
            result = PushResults.Failed(run.Order, e.Message);
        }
        finally
        {
            End(run, result);
        }

        return result;
    }

    private void End(PushRun run, UploadResult? result)
    {
        string id = run.Order.Id;
        if (result is not null && !run.Once) { _journal.Finish(run.Order, result); }
        if (run.Once || (result is null && run.IsCancelled)) { _journal.Remove(id); }
        lock (_gate)
        {
            if (!run.Once) { Leave(run); }
            if (result is null && run.IsCancelled) { _journal.Remove(id); } // taken back at the last moment
        }

        run.Dispose();
        if (result is not null)
        {
            _reporter.Signal();
            FilesLog.Ended(_logger, id, result.Status, result.Message);
        }
        else if (run.IsCancelled)
        {
            FilesLog.Cancelled(_logger, id);
        }
        else
        {
            FilesLog.Suspended(_logger, id);
        }
    }

    // A crash came after the intent, and the file is no longer where it was to be moved from: the result will say so when the order comes again.
    private static bool MayBePlaced(JournalEntry entry) => entry.Stage == JournalStage.Placing && !File.Exists(entry.From);

    private void Leave(PushRun run)
    {
        if (_runs.GetValueOrDefault(run.Order.Id) == run) { _runs.Remove(run.Order.Id); }
    }

    private async Task ReportAfterAsync(Task before, ReceptionLink link)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _reporter.RunAsync(link).ConfigureAwait(false);
    }

    private void OpenJournal(PushFolder folder)
    {
        try
        {
            _journal.Open();
        }
        catch (Exception e) when (PushFailedException.IsFileError(e))
        {
            FilesLog.JournalFailed(_logger, folder.Path, e.Message); // the agent lives on without; a push then fails by saying the same
        }
    }
}
