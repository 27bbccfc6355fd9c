using RPort.Load.Figures;
using RPort.Load.Scenarios;

namespace RPort.Load.Soak;

/// <summary>
/// Many hours of a server's life in short: whole agents, tunnels in use, pushes all the time, links cut at random, the server killed. Then calm, and
/// the question whether all is as it should be.
/// </summary>
internal sealed class SoakRun(Bench bench, SoakPlan plan) : IDisposable
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Line = TimeSpan.FromSeconds(30);

    private readonly Violations _violations = bench.Report.Violations;
    private readonly PushLedger _ledger = new(bench.Report.Violations);
    private readonly Vitals _vitals = new(bench, TimeSpan.FromSeconds(plan.Duration < TimeSpan.FromMinutes(3) ? 1 : 5));
    private readonly CancellationTokenSource _watch = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Bench.Progress($"connecting {bench.Settings.Agents} whole agents");
        await using SoakFleet fleet = await SoakFleet.StartAsync(bench, plan, _ledger, cancellationToken);
        Bench.Progress($"opening {plan.TcpTunnels} TCP and {plan.UdpTunnels} UDP tunnels");
        await using SoakTunnels tunnels = await SoakTunnels.OpenAsync(bench, plan, _violations, cancellationToken);
        PushMaker pushes = new(bench.Api, plan, fleet.Agents, _ledger, _violations);
        using CancellationTokenSource unrest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenSource watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _watch.Token);
        Task[] disturbing = [fleet.CutAsync(unrest.Token), pushes.MakeAsync(unrest.Token, cancellationToken), KillAsync(unrest.Token)];
        Task[] watching = [_vitals.RunAsync(watch.Token), pushes.WatchAsync(watch.Token), TellAsync(fleet, tunnels, pushes, watch.Token)];
        await EndAsync([.. disturbing, .. watching, tunnels.Talking], plan.Duration, cancellationToken);

        Bench.Progress("calm");
        await unrest.CancelAsync();
        await Task.WhenAll(disturbing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(disturbing, ThrowIfBroken);
        await SettleAsync(fleet, pushes, cancellationToken);
        await tunnels.CheckAsync(bench.Api, Calm, cancellationToken);
        await _watch.CancelAsync();
        await Task.WhenAll(watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(watching, ThrowIfBroken);
        await pushes.CheckAllAsync(cancellationToken);
        Tell(fleet, tunnels, pushes);
        new SoakVerdict(bench.Report, plan, _vitals.Taken, _vitals.Life).Tell();
    }

    public void Dispose() => _watch.Dispose();

    /// <summary>Waits so long; whoever should have gone on and broke ends the soak.</summary>
    private static async Task EndAsync(Task[] all, TimeSpan duration, CancellationToken cancellationToken)
    {
        Task end = Task.Delay(duration, cancellationToken);
        List<Task> running = [.. all];
        while (await Task.WhenAny([end, .. running]) is { } first && first != end)
        {
            await first; // ends well only where it was all it had to do
            running.Remove(first);
        }

        await end;
    }

    private static void ThrowIfBroken(Task task)
    {
        if (task.Exception is { } broken)
        {
            throw broken;
        }
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        TimeSpan now = TimeSpan.Zero;
        foreach (TimeSpan time in plan.KillTimes)
        {
            await Task.Delay(time - now, cancellationToken);
            now = time;
            Bench.Progress("killing the gateway");
            bench.Gateway.Kill();
            bench.Gateway.Start();
            _vitals.BeginLife();
            await bench.ReadyAsync(CancellationToken.None);
        }
    }

    /// <summary>All agents must be back and all pushes over; each within the time of calm.</summary>
    private async Task SettleAsync(SoakFleet fleet, PushMaker pushes, CancellationToken cancellationToken)
    {
        await bench.ReadyAsync(cancellationToken);
        try
        {
            await fleet.Counts.ReachAsync(fleet.Agents, Calm, cancellationToken);
        }
        catch (LoadException e)
        {
            _violations.Add(e.Message);
        }

        for (DateTime end = DateTime.UtcNow + Calm; pushes.Open > 0 && DateTime.UtcNow < end;)
        {
            await Task.Delay(Look, cancellationToken);
        }
    }

    private async Task TellAsync(SoakFleet fleet, SoakTunnels tunnels, PushMaker pushes, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Line, cancellationToken);
            Vital? last = _vitals.Taken.LastOrDefault();
            Bench.Progress(
                $"life {_vitals.Life}, {last?.Age.TotalSeconds:0} s: {fleet.Counts.Online} online, {fleet.Cuts} cuts; RSS {last?.Rss:0} MiB, heap {last?.Heap:0} MiB, {last?.Handles} handles, {last?.Threads} threads; "
                + $"pushes {pushes.Accepted}, open {pushes.Open}, files verified {_ledger.Verified}; echoes {tunnels.Echoes} TCP+UDP, {tunnels.Cuts} cut; own RSS {last?.OwnRss:0} MiB, {last?.OwnHandles} handles; "
                + $"violations {_violations.Count}");
        }
    }

    private void Tell(SoakFleet fleet, SoakTunnels tunnels, PushMaker pushes)
    {
        Report report = bench.Report;
        report.Add("seed", plan.Seed, "");
        report.Add("server killed", _vitals.Life - 1, "");
        report.Add("agents cut", fleet.Cuts, "");
        report.Add("pushes", pushes.Accepted, "");
        report.Add("pushes asked for again", pushes.Insisted, "");
        report.Add("targets of pushes", pushes.Targets, "");
        report.Add("files verified at agents", _ledger.Verified, "");
        report.Add("results reported", _ledger.Reports, "");
        report.AddPercentiles("push, answer to last result", pushes.Durations);
        report.Add("tunnels", tunnels.Count, "");
        report.Add("echoes", tunnels.Echoes, "");
        report.Add("echoed", tunnels.Bytes / 1024.0 / 1024, "MiB");
        report.Add("tunnel connections cut or refused", tunnels.Cuts, "");
        report.Add("datagrams echoed", tunnels.UdpEchoes, "");
        report.Add("datagrams lost", tunnels.UdpLost, "");
        report.Add("server data on disk", new DirectoryInfo(bench.Gateway.DataFolder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static file => file.Length) / 1024.0 / 1024, "MiB");
    }
}
