namespace RPort.Load.Agents;

/// <summary>Bounds the dials under way at a time.</summary>
internal sealed class DialGate(int most) : IDisposable
{
    private readonly SemaphoreSlim _places = new(most);

    public async ValueTask<Place> EnterAsync(CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        return new Place(_places);
    }

    public void Dispose() => _places.Dispose();

    internal readonly struct Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
