using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RPort.Load.Agents;
using RPort.Load.Figures;
using RPort.Load.Server;
using RPort.Load.Targets;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Load.Scenarios;

/// <summary>What goes on with a fleet on any day, at a rate that costs little: agents ping, small echoes through tunnels, an operator asks.</summary>
internal sealed class DailyWork : IAsyncDisposable
{
    private const int MostTunnels = 50;
    private const int MessageBytes = 64;
    private static readonly TimeSpan PingPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EchoPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CallPause = TimeSpan.FromMilliseconds(100);

    private readonly Bench _bench;
    private readonly TcpEcho _echo = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly Samples _pings = new();
    private readonly Samples _echoes = new();
    private readonly Samples _calls = new();

    private DailyWork(Bench bench) => _bench = bench;

    public static async Task<DailyWork> StartAsync(Bench bench, Fleet fleet, CancellationToken cancellationToken)
    {
        DailyWork work = new(bench);
        try
        {
            for (int number = 0; number < Math.Min(MostTunnels, fleet.Agents.Count); number++)
            {
                OpenedTunnel tunnel = await bench.Api.OpenTunnelAsync(LoadAgent.IdOf(number), work._echo.Port, "tcp", cancellationToken);
                work._running.Add(work.TalkAsync(tunnel.Port));
            }

            work._running.AddRange(fleet.Agents.Select(work.PingAsync));
            work._running.Add(work.AskAsync($"api/v1/clients/{LoadAgent.IdOf(0)}"));
            return work;
        }
        catch
        {
            await work.DisposeAsync();
            throw;
        }
    }

    public void Clear()
    {
        _pings.Clear();
        _echoes.Clear();
        _calls.Clear();
    }

    /// <summary>Puts what was measured since the last time into the report.</summary>
    public void Tell(string when)
    {
        foreach ((string name, Samples samples) in new[] { ("ping", _pings), ("tunnel echo", _echoes), ("GET /clients/{id}", _calls) })
        {
            _bench.Report.Add($"{name} {when}: samples", samples.Count, "");
            _bench.Report.Add($"{name} {when}: p50", samples.Percentile(0.50), "ms");
            _bench.Report.Add($"{name} {when}: p99", samples.Percentile(0.99), "ms");
            _bench.Report.Add($"{name} {when}: longest", samples.Percentile(1), "ms");
        }

        if (_running.FirstOrDefault(static task => task.IsFaulted) is { } broken)
        {
            _bench.Report.Violations.Add($"work beside the storm broke off: {broken.Exception!.InnerException!.Message}");
        }

        Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _echo.DisposeAsync();
        _stop.Dispose();
    }

    private async Task PingAsync(LoadAgent agent)
    {
        await Task.Delay(PingPause * Random.Shared.NextDouble(), _stop.Token);
        while (true)
        {
            if (agent.Connection is { } connection)
            {
                long asked = Stopwatch.GetTimestamp();
                try
                {
                    await connection.RequestAsync(RequestNames.Ping, default, _stop.Token);
                    _pings.Add(Stopwatch.GetElapsedTime(asked));
                }
                catch (SshException)
                {
                    // It lost its connection, which is counted.
                }
            }

            await Task.Delay(PingPause, _stop.Token);
        }
    }

    private async Task TalkAsync(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
        await using NetworkStream stream = new(socket);
        byte[] message = new byte[MessageBytes];
        byte[] answer = new byte[MessageBytes];
        while (true)
        {
            Random.Shared.NextBytes(message);
            long asked = Stopwatch.GetTimestamp();
            await stream.WriteAsync(message, _stop.Token);
            await stream.ReadExactlyAsync(answer, _stop.Token);
            _echoes.Add(Stopwatch.GetElapsedTime(asked));
            if (!answer.AsSpan().SequenceEqual(message))
            {
                throw new LoadException("an echo was not what was sent");
            }

            await Task.Delay(EchoPause, _stop.Token);
        }
    }

    private async Task AskAsync(string path)
    {
        while (true)
        {
            long asked = Stopwatch.GetTimestamp();
            await _bench.Api.GetAsync(path, _stop.Token);
            _calls.Add(Stopwatch.GetElapsedTime(asked));
            await Task.Delay(CallPause, _stop.Token);
        }
    }
}
