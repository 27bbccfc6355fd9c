using BenchmarkDotNet.Attributes;
using RPort.Benchmarks.Budgets;
using RPort.Ssh.Algorithms;

namespace RPort.Benchmarks.Wire;

/// <summary>Encryption and integrity of one packet, for every cipher and MAC, in place.</summary>
[MemoryDiagnoser]
public class PacketCodecBenchmarks
{
    private PacketProtection _sealer = null!;
    private PacketProtection _opener = null!;
    private byte[] _packet = [];
    private uint _sequence;

    public static IEnumerable<string> Suites => WireSuites.All.Keys;

    [ParamsSource(nameof(Suites))]
    public string Suite { get; set; } = "";

    [Params(64, 32 * 1024)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _sealer = WireSuites.Protect(Suite);
        _opener = WireSuites.Protect(Suite);
        _packet = new byte[_sealer.PacketBytes(Bytes)];
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _sealer.Dispose();
        _opener.Dispose();
    }

    [Benchmark, AllocationBudget(0)]
    public void Seal() => _sealer.SealPayload(_packet, Bytes, 0);

    /// <summary>Both, since a packet can only be opened with the counter under which it was sealed.</summary>
    [Benchmark, AllocationBudget(0)]
    public void SealAndOpen()
    {
        _sealer.SealPayload(_packet, Bytes, _sequence);
        _opener.OpenHead(_packet.AsSpan(0, _opener.HeadBytes), _sequence);
        if (!_opener.TryOpen(_packet, _sequence))
        {
            throw new InvalidOperationException("The packet did not open.");
        }

        _sequence++;
    }
}
