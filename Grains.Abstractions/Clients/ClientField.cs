using System.Collections.Immutable;
using System.Globalization;

namespace RPort.Grains.Abstractions;

/// <summary>One field of a client that can be filtered and sorted by. A field has one text or a list of texts.</summary>
public sealed class ClientField
{
    private readonly Func<ClientRecord, string>? _text;
    private readonly Func<ClientRecord, ImmutableArray<string>>? _list;
    private readonly Func<ClientRecord, long>? _number;

    internal ClientField(string name, Func<ClientRecord, string> text)
    {
        Name = name;
        _text = text;
    }

    internal ClientField(string name, Func<ClientRecord, long> number)
    {
        Name = name;
        _number = number;
        _text = record => number(record).ToString(CultureInfo.InvariantCulture);
    }

    internal ClientField(string name, Func<ClientRecord, ImmutableArray<string>> list)
    {
        Name = name;
        _list = list;
    }

    /// <summary>The name used in <c>filter[…]</c> and <c>sort=…</c>.</summary>
    public string Name { get; }

    /// <summary>True where a client has any number of values for this field.</summary>
    public bool IsList => _list is not null;

    /// <summary>True where the field is ordered by value.</summary>
    public bool IsNumber => _number is not null;

    /// <summary>The value of a number field.</summary>
    /// <exception cref="InvalidOperationException">The field is no number.</exception>
    public long Number(ClientRecord record) => _number is not null ? _number(record) : throw new InvalidOperationException($"The client field '{Name}' is no number.");

    /// <summary>The field's one text; of a list field, its values in one line.</summary>
    public string Text(ClientRecord record) => _text is not null ? _text(record) : string.Join(", ", _list!(record));

    /// <summary>The field's values: those of a list field, or the one text.</summary>
    public ImmutableArray<string> Values(ClientRecord record) => _list is not null ? _list(record) : [_text!(record)];

    /// <summary>What a client is ordered by: read once per client where many are compared.</summary>
    public ClientSortKey Key(ClientRecord record) => _number is not null ? new ClientSortKey(null, _number(record)) : new ClientSortKey(Text(record), 0);

    /// <summary>Orders two clients by this field: numbers by value, text without case.</summary>
    public int Compare(ClientRecord left, ClientRecord right) => Key(left).CompareTo(Key(right));
}

/// <summary>A client's value of one field, ready to compare with another client's value of the same field.</summary>
/// <param name="Text">The text; null for a number.</param>
/// <param name="Number">The number; 0 for a text.</param>
public readonly record struct ClientSortKey(string? Text, long Number) : IComparable<ClientSortKey>
{
    /// <summary>Numbers by value, text without case.</summary>
    public int CompareTo(ClientSortKey other) =>
        Text is null ? Number.CompareTo(other.Number) : string.Compare(Text, other.Text, StringComparison.OrdinalIgnoreCase);
}
