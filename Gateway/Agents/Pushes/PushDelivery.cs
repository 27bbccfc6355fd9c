using System.Collections.Immutable;
using RPort.Gateway.Agents.Sessions;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>
/// The pushes of one session: some under way, the others waiting for their turn. Notices come from the client grain at any time and may be lost
/// or come twice; the agent's own reports come with <see cref="ReportAsync"/>. Nothing here is durable: the client grain hands out again what has
/// not been reported.
/// </summary>
internal sealed class PushDelivery : IAsyncDisposable
{
    private readonly SessionEnvironment _environment;
    private readonly Lock _gate = new();
    private readonly Dictionary<UploadId, Push> _pushes = [];
    private readonly Queue<Push> _waiting = new();
    private readonly SettledPushes _settled = new();
    private PushRun? _run;
    private int _running;
    private bool _closed;
    private int _foreignPathSeen;

    public PushDelivery(SessionEnvironment environment)
    {
        _environment = environment;
        Files = new SessionFiles(environment, OnForeignPath);
    }

    /// <summary>What the agent sees by SFTP.</summary>
    public SessionFiles Files { get; }

    /// <summary>True while an existing agent carries out a push: until it answers it answers nothing else.</summary>
    public bool IsAgentBusy
    {
        get
        {
            lock (_gate)
            {
                return _run is { Push2: false } && _running > 0;
            }
        }
    }

    /// <summary>The agent has registered: what has been offered so far begins.</summary>
    public void Start(PushRun run)
    {
        lock (_gate)
        {
            _run = run;
            StartNext();
        }
    }

    /// <summary>Takes on those of the pushes that are new. Returns at once.</summary>
    public void Offer(ImmutableArray<PushOrder> orders)
    {
        foreach (PushOrder order in orders.IsDefault ? [] : orders)
        {
            Offer(order);
        }
    }

    /// <summary>Takes on a push, unless it is known. A higher attempt replaces a lower one. Returns at once.</summary>
    public void Offer(PushOrder order)
    {
        lock (_gate)
        {
            if (_closed || _settled.Contains(order))
            {
                return;
            }

            if (_pushes.TryGetValue(order.Upload, out Push? known))
            {
                if (known.Order.Attempt >= order.Attempt)
                {
                    return;
                }

                known.Dispose();
            }
            else if (_pushes.Count >= _environment.Options.MaxPushes)
            {
                _environment.Metrics.PushDropped();
                return;
            }

            Push push = new(order);
            _pushes[order.Upload] = push;
            _waiting.Enqueue(push);
            StartNext();
        }
    }

    /// <summary>Stops a push, up to and with this attempt, and has the agent told. An offer of it that is still on its way starts nothing. Returns at once.</summary>
    public void Withdraw(UploadId upload, int attempt)
    {
        Push? push;
        lock (_gate)
        {
            _settled.Add(upload, attempt);
            if (!_pushes.TryGetValue(upload, out push) || push.Order.Attempt > attempt)
            {
                return;
            }

            _pushes.Remove(upload);
        }

        push.Withdraw();
    }

    /// <summary>Carries an agent's own report to the client grain, and says what to answer: success only once it is durable there.</summary>
    public async Task<SshReply> ReportAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (ProtocolJson.TryRead(payload, ProtocolJson.Default.UploadResult) is not { } result || !UploadId.TryParse(result.Id, null, out UploadId upload))
        {
            return SshReply.Fail("invalid upload result");
        }

        Push? push;
        PushRun? run;
        lock (_gate)
        {
            _pushes.TryGetValue(upload, out push);
            run = _run;
        }

        if (run is null || UploadAnswers.TryReport(upload, result.Attempt ?? push?.Order.Attempt ?? 0, result) is not { } report)
        {
            return SshReply.Fail("invalid upload result");
        }

        // The client grain knows best what was given to this client: a result may be of an order of an earlier session.
        ReportOutcome outcome = await run.ReportOnceAsync(report, cancellationToken);
        switch (outcome)
        {
            case ReportOutcome.Recorded:
                Finish(report, push);
                return SshReply.Ok();
            case ReportOutcome.UnknownUpload:
                Finish(report, push);
                return SshReply.Fail(RequestNames.UnknownUpload);
            default:
                return SshReply.Fail("this session is not the newest of the client");
        }
    }

    /// <summary>Stops everything and waits for it. Reports that are on their way to the grain get their time.</summary>
    public async ValueTask DisposeAsync()
    {
        Push[] all;
        lock (_gate)
        {
            _closed = true;
            all = [.. _pushes.Values];
            _pushes.Clear();
            _waiting.Clear();
        }

        foreach (Push push in all)
        {
            push.Dispose();
        }

        await Task.WhenAll(all.Select(static push => push.Run ?? Task.CompletedTask));
    }

    // Under the lock.
    private void StartNext()
    {
        if (_run is null || _closed)
        {
            return;
        }

        int most = _run.Push2 ? _environment.Options.MaxConcurrentPushes : 1;
        while (_running < most && _waiting.TryDequeue(out Push? push))
        {
            if (push.Stop.IsCancellationRequested)
            {
                continue;
            }

            if (push.Reported.IsCompleted)
            {
                _pushes.Remove(push.Order.Upload); // the agent had it from an earlier session, and was quicker
                continue;
            }

            _running++;
            push.Run = CarryOutAsync(_run, push);
        }
    }

    private async Task CarryOutAsync(PushRun run, Push push)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // out of the lock of the caller
        bool finished = false;
        try
        {
            finished = await run.CarryOutAsync(push, Files);
        }
        catch (Exception e)
        {
            // The edge of this push: another one must not suffer. The client grain hands it out again.
            AgentSessionLog.PushFailed(_environment.Logger, push.Order.Upload, run.Client, e);
        }

        lock (_gate)
        {
            _running--;
            if (finished)
            {
                _settled.Add(push.Order.Upload, push.Order.Attempt);
            }

            if (_pushes.TryGetValue(push.Order.Upload, out Push? current) && current == push)
            {
                _pushes.Remove(push.Order.Upload);
            }

            StartNext();
        }
    }

    private void Finish(PushReport report, Push? push)
    {
        lock (_gate)
        {
            _settled.Add(report.Upload, report.Attempt);
        }

        if (push is not null && report.Attempt >= push.Order.Attempt)
        {
            push.SetReported();
        }
    }

    private void OnForeignPath()
    {
        // Once: the agent decides how often it asks.
        if (_run is { } run && Interlocked.Exchange(ref _foreignPathSeen, 1) == 0)
        {
            AgentSessionLog.ForeignPath(_environment.Logger, run.Client);
        }
    }
}
