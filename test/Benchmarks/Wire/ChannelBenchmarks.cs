using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Benchmarks.Kit;
using RPort.Ssh;
using RPort.Ssh.Tests;

namespace RPort.Benchmarks.Wire;

/// <summary>A channel of one connection, both ends in this process, aes128-gcm.</summary>
[MemoryDiagnoser]
public class ChannelBenchmarks
{
    private const int Packets = 64;
    private const int Echoes = 16;

    private readonly byte[] _packet = new byte[32 * 1024];
    private readonly byte[] _sink = new byte[64 * 1024];
    private readonly byte[] _echo = new byte[1];
    private SessionPair _pair = null!;
    private SshChannel _near = null!;
    private SshChannel _far = null!;
    private SshChannel _asking = null!;
    private Task _echoing = Task.CompletedTask;

    /// <summary>As relays have it: what waits for the channel runs on the connection's loops.</summary>
    [Params(false, true)]
    public bool Inline { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _pair = await SessionPair.CreateAsync(streams: PipePair.Create());
        (_near, _far) = await _pair.OpenAsync();
        (_asking, SshChannel answering) = await _pair.OpenAsync();
        foreach (SshChannel channel in (SshChannel[])[_near, _far, _asking, answering])
        {
            channel.InlineContinuations = Inline;
        }

        _echoing = EchoAsync(answering);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _asking.SendEofAsync();
        await _echoing;
        await _pair.DisposeAsync();
    }

    [Benchmark(OperationsPerInvoke = Packets), AllocationBudget(12)]
    public async Task Send32KiB()
    {
        Task reading = ReadAsync(Packets * _packet.Length);
        for (int i = 0; i < Packets; i++)
        {
            await _near.WriteAsync(_packet);
        }

        await reading;
    }

    [Benchmark(OperationsPerInvoke = Echoes), AllocationBudget(16)]
    public async Task EchoOneByte()
    {
        for (int i = 0; i < Echoes; i++)
        {
            await _asking.WriteAsync(_packet.AsMemory(0, 1));
            if (await _asking.ReadAsync(_echo) != 1)
            {
                throw new EndOfStreamException();
            }
        }
    }

    private static async Task EchoAsync(SshChannel channel)
    {
        byte[] buffer = new byte[1];
        while (await channel.ReadAsync(buffer) > 0)
        {
            await channel.WriteAsync(buffer);
        }
    }

    private async Task ReadAsync(int bytes)
    {
        while (bytes > 0)
        {
            int read = await _far.ReadAsync(_sink);
            bytes -= read > 0 ? read : throw new EndOfStreamException();
        }
    }
}
