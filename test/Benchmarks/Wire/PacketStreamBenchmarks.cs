using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Benchmarks.Kit;
using RPort.Ssh.Transport;

namespace RPort.Benchmarks.Wire;

/// <summary>Packets into a batch, over a stream in memory, and out of the receiver again: what both loops do to each packet, without channels.</summary>
[MemoryDiagnoser]
public class PacketStreamBenchmarks
{
    private const int Packets = 4;
    private const int MaxPacketBytes = 256 * 1024;

    private readonly PacketBatch _batch = new();
    private PipeEnd _near = null!;
    private PipeEnd _far = null!;
    private PacketReceiver _receiver = null!;

    [Params(64, 32 * 1024)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        (_near, _far) = PipePair.Create();
        _receiver = new PacketReceiver(_far, MaxPacketBytes, TimeProvider.System);
        _batch.Use(WireSuites.Protect("gcm128"), restartSequence: true);
        _receiver.Use(WireSuites.Protect("gcm128"), restartSequence: true);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _batch.Dispose();
        _receiver.Dispose();
        _near.Dispose();
        _far.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Packets), AllocationBudget(0)]
    public async Task WriteAndRead()
    {
        _batch.Clear();
        for (int i = 0; i < Packets; i++)
        {
            if (!_batch.TryMakeRoom(Bytes))
            {
                throw new InvalidOperationException("The batch does not hold the packets.");
            }

            _batch.PayloadRoom[0] = (byte)i;
            _batch.Seal(Bytes);
        }

        await _near.WriteAsync(_batch.Sealed);
        for (int taken = 0; taken < Packets;)
        {
            if (_receiver.TryTake(out ReadOnlyMemory<byte> payload))
            {
                taken += payload.Length == Bytes ? 1 : throw new InvalidOperationException("A packet of another size came.");
            }
            else if (!await _receiver.FillAsync(CancellationToken.None))
            {
                throw new EndOfStreamException();
            }
        }
    }
}
