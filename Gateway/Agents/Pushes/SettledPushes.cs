using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>
/// The last pushes of a session that were reported or taken back, so that an offer of the grain that was on its way meanwhile does not start one
/// again. Bounded: what is forgotten is at worst carried out twice, and the grain does not take the second result.
/// </summary>
internal sealed class SettledPushes
{
    private const int Max = 64;

    private readonly Queue<UploadId> _order = new();
    private readonly Dictionary<UploadId, int> _attempts = [];

    /// <summary>This attempt is over, and with it those before it.</summary>
    public void Add(UploadId upload, int attempt)
    {
        if (_attempts.TryGetValue(upload, out int known))
        {
            _attempts[upload] = Math.Max(known, attempt);
            return;
        }

        _attempts.Add(upload, attempt);
        _order.Enqueue(upload);
        if (_order.Count > Max)
        {
            _attempts.Remove(_order.Dequeue());
        }
    }

    public bool Contains(PushOrder order) => _attempts.TryGetValue(order.Upload, out int attempt) && order.Attempt <= attempt;
}
