using System.Collections.Concurrent;
using RPort.Gateway.Clients;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tunnels.Api;

/// <summary>How the tunnels of clients fare: asked of their sessions for a short while, since a list must not wait for the slowest.</summary>
internal sealed partial class TunnelBoard(ClientSessions sessions, TimeProvider clock, ILogger<TunnelBoard> logger)
{
    /// <summary>The longest wait for all sessions together; the tunnels of those not heard by then are shown as they are kept.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int MaxAtATime = 64;
    private const string BeingOpened = "the client's session is about to open it";
    private const string NotConnected = "the client is not connected";
    private const string NoAnswer = "the client's session did not answer in time";

    /// <summary>The tunnels of one client.</summary>
    public Task<IReadOnlyList<TunnelView>> ListAsync(ClientRecord client) => ListAsync(client, Patience);

    /// <summary>Tunnels of many clients, in the order given.</summary>
    public async Task<IReadOnlyList<TunnelView>> ListAsync(IReadOnlyList<(ClientRecord Client, TunnelRecord Tunnel)> tunnels, CancellationToken cancellationToken)
    {
        long start = clock.GetTimestamp();
        ConcurrentDictionary<(ClientId Client, string Tunnel), TunnelView> views = new();
        ParallelOptions bound = new() { MaxDegreeOfParallelism = MaxAtATime, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(tunnels.Select(t => t.Client).DistinctBy(client => client.Id), bound, async (client, _) =>
        {
            foreach (TunnelView view in await ListAsync(client, Patience - clock.GetElapsedTime(start)))
            {
                views[(client.Id, view.Id)] = view;
            }
        });
        return [.. tunnels.Select(t =>
            views.GetValueOrDefault((t.Client.Id, t.Tunnel.Id.ToString()), TunnelView.Idle(t.Tunnel, "")) with { ClientId = t.Client.Id.Value })];
    }

    private async Task<IReadOnlyList<TunnelView>> ListAsync(ClientRecord client, TimeSpan patience)
    {
        if (client.Tunnels.IsEmpty)
        {
            return [];
        }

        if (!client.Connected)
        {
            return Kept(client, NotConnected);
        }

        return patience > TimeSpan.Zero && await AskAsync(client.Id, patience) is TunnelList list
            ? Merged(client, list)
            : Kept(client, NoAnswer);
    }

    // A session that has just begun does not have all of them yet; and one that was opened this moment is not in the record yet.
    private static IReadOnlyList<TunnelView> Merged(ClientRecord client, TunnelList list) =>
    [
        .. list.Tunnels.Select(live => (live.Tunnel.Id, View: TunnelView.From(live)))
            .Concat(client.Tunnels.ExceptBy(list.Tunnels.Select(live => live.Tunnel.Id), kept => kept.Id).Select(kept => (kept.Id, View: TunnelView.Idle(kept, BeingOpened))))
            .OrderBy(tunnel => tunnel.Id)
            .Select(tunnel => tunnel.View),
    ];

    private async Task<SessionAnswer?> AskAsync(ClientId client, TimeSpan patience)
    {
        try
        {
            return await sessions.AskAsync(client, new ListTunnels(QuestionId.New(), patience));
        }
        catch (Exception e) // one client whose grain cannot be reached must not hide the tunnels of all others
        {
            LogNotAsked(logger, client, e);
            return null;
        }
    }

    private static IReadOnlyList<TunnelView> Kept(ClientRecord client, string why) => [.. client.Tunnels.Select(tunnel => TunnelView.Idle(tunnel, why))];

    [LoggerMessage(4350, LogLevel.Warning, "Client {Client} could not be asked for its tunnels")]
    private static partial void LogNotAsked(ILogger logger, ClientId client, Exception exception);
}
