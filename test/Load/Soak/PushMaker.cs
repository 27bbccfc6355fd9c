using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using RPort.Load.Figures;
using RPort.Load.Server;

namespace RPort.Load.Soak;

/// <summary>An operator who pushes files of many sizes to some agents all the time, looks how they fare, and insists where the server does not answer.</summary>
internal sealed class PushMaker(OperatorApi api, SoakPlan plan, int agents, PushLedger ledger, Violations violations)
{
    private const int Smallest = 1024;
    private const int Largest = 1 << 20;
    private const int MostTargets = 32;
    private const int MostOpen = 1000;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<(PlannedPush Push, long Since)> _open = [];
    private int _accepted;
    private int _insisted;
    private int _targets;

    /// <summary>From the server's answer to the last target's result; as seen by someone who looks every second.</summary>
    public Samples Durations { get; } = new();

    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Times an answer did not come and the same push was asked for again.</summary>
    public int Insisted => Volatile.Read(ref _insisted);

    public int Targets => Volatile.Read(ref _targets);

    /// <summary>Those with a client still to come.</summary>
    public int Open => _open.Count;

    /// <summary>Makes pushes until the token fires; the last one is finished.</summary>
    public async Task MakeAsync(CancellationToken unrest, CancellationToken cancellationToken)
    {
        Random random = plan.RandomOf("pushes");
        for (int number = 0; plan.PushesPerMinute > 0; number++)
        {
            await Task.Delay(TimeSpan.FromMinutes(2.0 / plan.PushesPerMinute) * random.NextDouble(), unrest);
            if (_open.Count < MostOpen)
            {
                await MakeAsync(number, random, cancellationToken);
            }
        }
    }

    /// <summary>Looks at open pushes until the token fires.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Look, cancellationToken);
            for (int left = _open.Count; left > 0 && _open.TryDequeue(out (PlannedPush Push, long Since) next); left--)
            {
                if (await ReadAsync(next.Push, cancellationToken) is { IsOver: true } view)
                {
                    Durations.Add(Stopwatch.GetElapsedTime(next.Since));
                    Check(next.Push, view);
                }
                else
                {
                    _open.Enqueue(next);
                }
            }
        }
    }

    /// <summary>Looks at all pushes once more: results that were told once must be told for ever.</summary>
    public async Task CheckAllAsync(CancellationToken cancellationToken)
    {
        HashSet<string> open = [.. _open.Select(static open => open.Push.Id)];
        foreach (PlannedPush push in ledger.Pushes)
        {
            PushView? view = await ReadAsync(push, cancellationToken);
            if (view is null)
            {
                violations.Add($"push {push.Id}: the server does not know it any more");
            }
            else if (view.IsOver)
            {
                Check(push, view);
            }
            else
            {
                string pending = string.Join(", ", view.Targets.Where(static target => target.Status == PushView.Pending).Select(static target => target.Client));
                violations.Add($"push {push.Id} ({push.Kind}): {(open.Contains(push.Id) ? "still" : "again")} pending for {pending}");
            }
        }
    }

    private void Check(PlannedPush push, PushView view)
    {
        foreach (string mistake in PushCheck.Mistakes(push, view, agent => ledger.Find(push.Id, agent)))
        {
            violations.Add(mistake);
        }
    }

    private async Task MakeAsync(int number, Random random, CancellationToken cancellationToken)
    {
        byte[] content = new byte[(int)Math.Exp(double.Lerp(Math.Log(Smallest), Math.Log(Largest), random.NextDouble()))];
        random.NextBytes(content);
        PushKind kind = random.Next(20) switch { < 14 => PushKind.Waiting, < 18 => PushKind.AtOnce, 18 => PushKind.Refused, _ => PushKind.Ignored };
        string id = $"soak-{plan.Seed}-{number:000000}";
        string destination = kind switch
        {
            PushKind.Refused => $"{PlannedPush.Protected}/{id}",
            PushKind.Ignored => $"{PlannedPush.Kept}/{random.Next(4)}",
            _ => $"/files/{number % 10}/{id}",
        };
        int targets = Math.Min(agents, (int)Math.Exp(Math.Log(MostTargets) * random.NextDouble()));
        HashSet<int> chosen = [];
        while (chosen.Count < targets)
        {
            chosen.Add(random.Next(agents));
        }

        PlannedPush push = new(id, kind, destination, content.Length, SHA256.HashData(content), [.. chosen.Select(SoakFleet.IdOf)]);
        ledger.Plan(push);
        await AskAsync(push, content, cancellationToken);
        Interlocked.Increment(ref _accepted);
        Interlocked.Add(ref _targets, targets);
        _open.Enqueue((push, Stopwatch.GetTimestamp()));
    }

    private async Task AskAsync(PlannedPush push, byte[] content, CancellationToken cancellationToken)
    {
        (string, string)[] fields = push.Kind == PushKind.AtOnce ? [] : [("expires", "12h")];
        while (true)
        {
            try
            {
                (HttpStatusCode status, string text) = await api.PushAsync(push.Id, content, push.Destination, push.Targets, fields, cancellationToken);
                if (status == HttpStatusCode.OK)
                {
                    return;
                }

                if (status != HttpStatusCode.ServiceUnavailable)
                {
                    violations.Add($"push {push.Id}: asked for and answered {(int)status} {text}");
                }
            }
            catch (HttpRequestException)
            {
                // The server is away.
            }

            Interlocked.Increment(ref _insisted);
            await Task.Delay(Retry, cancellationToken);
        }
    }

    /// <summary>Null while the server is away, or does not know it.</summary>
    private async Task<PushView?> ReadAsync(PlannedPush push, CancellationToken cancellationToken)
    {
        try
        {
            return PushView.From((await api.GetAsync($"api/v1/files/{push.Id}", cancellationToken))["data"]!);
        }
        catch (Exception e) when (e is HttpRequestException or LoadException)
        {
            return null;
        }
    }
}
