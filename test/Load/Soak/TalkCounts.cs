using System.Diagnostics;

namespace RPort.Load.Soak;

/// <summary>How the talk through one tunnel fares. Thread-safe.</summary>
internal sealed class TalkCounts
{
    private long _echoes;
    private long _bytes;
    private long _cuts;
    private long _lost;
    private long _last = Stopwatch.GetTimestamp();

    public long Echoes => Interlocked.Read(ref _echoes);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Connections that ended by other hands, or did not come about.</summary>
    public long Cuts => Interlocked.Read(ref _cuts);

    /// <summary>Datagrams that did not come back.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Since the last echo that was right.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Interlocked.Read(ref _last));

    public void Echoed(int bytes)
    {
        Interlocked.Increment(ref _echoes);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Exchange(ref _last, Stopwatch.GetTimestamp());
    }

    public void Cut() => Interlocked.Increment(ref _cuts);

    public void LoseOne() => Interlocked.Increment(ref _lost);
}
