using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files.Feed;

/// <summary>
/// The latest results that this gateway has passed on. The feed tells a result again when it cannot know whether it arrived, and listeners get it once.
/// Safe to call from several threads.
/// </summary>
internal sealed class SeenResults
{
    /// <summary>Results are told again within a minute or two; this many fit a push to a large fleet in that time.</summary>
    internal const int Capacity = 65_536;

    private readonly Lock _lock = new();
    private readonly HashSet<Result> _seen = [];
    private readonly Queue<Result> _order = new();

    /// <summary>True for a result that was not seen yet.</summary>
    public bool Add(UploadId upload, UploadTargetView target)
    {
        Result result = new(upload, target.Client, target.FinishedAt);
        lock (_lock)
        {
            if (!_seen.Add(result))
            {
                return false;
            }

            _order.Enqueue(result);
            if (_order.Count > Capacity)
            {
                _seen.Remove(_order.Dequeue());
            }

            return true;
        }
    }

    /// <summary>A retry of the same push ends at another time.</summary>
    private readonly record struct Result(UploadId Upload, ClientId Client, DateTimeOffset? FinishedAt);
}
