using RPort.Grains.Abstractions;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>
/// The last pushes a session has reported, so that an answer of the grain that was on its way meanwhile does not start one again. Bounded: what is
/// forgotten is at worst carried out twice, which is harmless.
/// </summary>
internal sealed class FinishedPushes
{
    private const int Max = 64;

    private readonly Queue<(UploadId Upload, int Attempt)> _order = new();
    private readonly HashSet<(UploadId Upload, int Attempt)> _known = [];

    public void Add(UploadId upload, int attempt)
    {
        if (!_known.Add((upload, attempt)))
        {
            return;
        }

        _order.Enqueue((upload, attempt));
        if (_order.Count > Max)
        {
            _known.Remove(_order.Dequeue());
        }
    }

    public bool Contains(PushOrder order) => _known.Contains((order.Upload, order.Attempt));
}
