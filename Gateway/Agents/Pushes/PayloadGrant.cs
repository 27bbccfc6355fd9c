using System.Security.Cryptography;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>The right of one session to read one payload for one attempt, under a path nobody can guess. Ends with the push or the session.</summary>
internal sealed class PayloadGrant(PushOrder order, TimeProvider clock, Func<PayloadGrant, long, Task> progress) : IDisposable
{
    private const int TokenBytes = 16;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _revoked = new();
    private long _bytes;
    private long _toldAt;
    private long _readAt = clock.GetTimestamp();

    /// <summary>What the agent is told to read.</summary>
    public string Path { get; } = "/" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));

    public PushOrder Order => order;

    /// <summary>Fires when the grant ends: open files of it fail from then on.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>How long ago the agent last read.</summary>
    public TimeSpan SinceLastRead => clock.GetElapsedTime(Interlocked.Read(ref _readAt));

    /// <summary>Notes that the agent has fetched the payload up to here, and tells it on, at most twice a second.</summary>
    public Task ServedAsync(long upTo)
    {
        long now = clock.GetTimestamp();
        Interlocked.Exchange(ref _readAt, now);
        long before = Interlocked.Read(ref _bytes);
        if (upTo <= before || Interlocked.CompareExchange(ref _bytes, upTo, before) != before)
        {
            return Task.CompletedTask; // read again, or another channel of the agent is ahead
        }

        long told = Interlocked.Read(ref _toldAt);
        return (told == 0 || clock.GetElapsedTime(told, now) >= ProgressInterval) && Interlocked.CompareExchange(ref _toldAt, now, told) == told
            ? progress(this, upTo)
            : Task.CompletedTask;
    }

    public void Dispose() => _revoked.Cancel();
}
