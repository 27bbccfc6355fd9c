using System.Collections.Immutable;

namespace RPort.Grains.Abstractions;

/// <summary>One field of a client that can be filtered and sorted by. A field has one text or a list of texts.</summary>
public sealed class ClientField
{
    private readonly Func<ClientRecord, string>? _text;
    private readonly Func<ClientRecord, ImmutableArray<string>>? _list;
    private readonly Comparison<ClientRecord>? _comparison;

    internal ClientField(string name, Func<ClientRecord, string> text, Comparison<ClientRecord>? comparison = null)
    {
        Name = name;
        _text = text;
        _comparison = comparison;
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

    /// <summary>The field's one text; of a list field, its values in one line.</summary>
    public string Text(ClientRecord record) => _text is not null ? _text(record) : string.Join(", ", _list!(record));

    /// <summary>The field's values: those of a list field, or the one text.</summary>
    public ImmutableArray<string> Values(ClientRecord record) => _list is not null ? _list(record) : [_text!(record)];

    /// <summary>Orders two clients by this field: numbers by value, text without case.</summary>
    public int Compare(ClientRecord left, ClientRecord right)
    {
        if (_comparison is not null)
        {
            return _comparison(left, right);
        }

        return string.Compare(Text(left), Text(right), StringComparison.OrdinalIgnoreCase);
    }
}
