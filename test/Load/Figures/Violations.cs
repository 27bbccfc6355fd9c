namespace RPort.Load.Figures;

/// <summary>What must not have happened and did. Thread-safe; keeps the first of them and counts all.</summary>
internal sealed class Violations
{
    private const int Kept = 200;

    private readonly Lock _gate = new();
    private readonly List<string> _texts = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public IReadOnlyList<string> Texts
    {
        get
        {
            lock (_gate)
            {
                return [.. _texts];
            }
        }
    }

    public void Add(string text)
    {
        lock (_gate)
        {
            _count++;
            if (_texts.Count < Kept)
            {
                _texts.Add($"{DateTime.UtcNow:HH:mm:ss} {text}");
            }
        }
    }
}
