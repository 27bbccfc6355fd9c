using System.Text.Json.Nodes;
using RPort.Load.Figures;
using RPort.Load.Scenarios;
using RPort.Load.Server;
using RPort.Load.Targets;

namespace RPort.Load.Soak;

/// <summary>The tunnels of a soak, those who use them, and what they lead to.</summary>
internal sealed class SoakTunnels : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly Violations _violations;
    private readonly TcpEcho _tcp = new();
    private readonly UdpEcho _udp = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(OpenedTunnel Tunnel, TalkCounts Counts)> _tunnels = [];
    private readonly List<TalkCounts> _udpCounts = [];
    private readonly List<Task> _talks = [];

    private SoakTunnels(Violations violations) => _violations = violations;

    public int Count => _tunnels.Count;

    public long Echoes => _tunnels.Sum(static tunnel => tunnel.Counts.Echoes);

    public long Bytes => _tunnels.Sum(static tunnel => tunnel.Counts.Bytes);

    public long Cuts => _tunnels.Sum(static tunnel => tunnel.Counts.Cuts);

    public long UdpEchoes => _udpCounts.Sum(static counts => counts.Echoes);

    public long UdpLost => _udpCounts.Sum(static counts => counts.Lost);

    /// <summary>Those who talk; none ends by itself.</summary>
    public Task Talking => Task.WhenAny(_talks).Unwrap();

    public static async Task<SoakTunnels> OpenAsync(Bench bench, SoakPlan plan, Violations violations, CancellationToken cancellationToken)
    {
        SoakTunnels tunnels = new(violations);
        try
        {
            for (int number = 0; number < plan.TcpTunnels + plan.UdpTunnels; number++)
            {
                bool udp = number >= plan.TcpTunnels;
                TalkCounts counts = new();
                OpenedTunnel tunnel = await bench.Api.OpenTunnelAsync(
                    SoakFleet.IdOf(number % bench.Settings.Agents), udp ? tunnels._udp.Port : tunnels._tcp.Port, udp ? "udp" : "tcp", cancellationToken);
                tunnels._tunnels.Add((tunnel, counts));
                if (udp)
                {
                    tunnels._udpCounts.Add(counts);
                }

                Random random = plan.RandomOf("talk", number);
                tunnels._talks.Add(Task.Run(
                    () => udp ? new UdpTalk(tunnel, random, counts, violations).RunAsync(tunnels._stop.Token) : new TcpTalk(tunnel, random, counts, violations).RunAsync(tunnels._stop.Token),
                    CancellationToken.None));
            }

            return tunnels;
        }
        catch
        {
            await tunnels.DisposeAsync();
            throw;
        }
    }

    /// <summary>All must be open under the id and port they always had, and each must carry one more echo, within so long.</summary>
    public async Task CheckAsync(OperatorApi api, TimeSpan within, CancellationToken cancellationToken)
    {
        long[] before = [.. _tunnels.Select(static tunnel => tunnel.Counts.Echoes)];
        List<string> wrong = [];
        for (DateTime end = DateTime.UtcNow + within; ; await Task.Delay(Look, cancellationToken))
        {
            JsonArray list = (await api.GetAsync("api/v1/tunnels", cancellationToken))["data"]!.AsArray();
            wrong = [.. Wrong(list), .. _tunnels.Where((tunnel, number) => tunnel.Counts.Echoes == before[number]).Select(static tunnel => $"{tunnel.Tunnel}: no echo")];
            if (wrong.Count == 0 || DateTime.UtcNow > end)
            {
                break;
            }
        }

        wrong.ForEach(text => _violations.Add($"{text} {within.TotalSeconds:0} s after the end of all unrest"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_talks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _tcp.DisposeAsync();
        await _udp.DisposeAsync();
        _stop.Dispose();
    }

    private IEnumerable<string> Wrong(JsonArray list)
    {
        if (list.Count != _tunnels.Count)
        {
            yield return $"the server lists {list.Count} tunnels, {_tunnels.Count} were opened";
        }

        foreach ((OpenedTunnel tunnel, _) in _tunnels)
        {
            JsonNode? now = list.FirstOrDefault(item => (string)item!["client_id"]! == tunnel.Client && (string)item["id"]! == tunnel.Id);
            if (now is null || (string)now["lport"]! != $"{tunnel.Port}" || (string?)now["state"] != "open")
            {
                yield return $"{tunnel} is now {now?.ToJsonString() ?? "gone"}";
            }
        }
    }
}
