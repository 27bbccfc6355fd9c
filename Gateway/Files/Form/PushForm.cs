namespace RPort.Gateway.Files.Form;

/// <summary>The multipart form of a push as it came: text fields, and the file where there was one.</summary>
internal sealed class PushForm : IAsyncDisposable
{
    private readonly Dictionary<string, List<string>> _fields = new(StringComparer.Ordinal);

    public ReceivedFile? File { get; set; }

    public void Add(string name, string value)
    {
        if (!_fields.TryGetValue(name, out List<string>? values))
        {
            _fields[name] = values = [];
        }

        values.Add(value);
    }

    /// <summary>The fields that came, in no order, and how often.</summary>
    public IEnumerable<(string Name, int Count)> Names => _fields.Select(entry => (entry.Key, entry.Value.Count));

    /// <summary>All values of a field that are not empty.</summary>
    public IReadOnlyList<string> All(string name) =>
        _fields.TryGetValue(name, out List<string>? values) ? [.. values.Where(v => v.Length > 0)] : [];

    /// <summary>The first value of a field; empty where it is absent.</summary>
    public string First(string name) => _fields.TryGetValue(name, out List<string>? values) ? values[0] : "";

    public ValueTask DisposeAsync() => File?.DisposeAsync() ?? ValueTask.CompletedTask;
}
