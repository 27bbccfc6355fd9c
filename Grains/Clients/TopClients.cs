using System.Collections.Immutable;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Clients;

/// <summary>
/// The first so many clients in the order asked for. The first sort key is read once per client, and no more than twice the page is held:
/// when that is full, all beyond the page is dropped, and what could not be on it any more is not even taken.
/// </summary>
internal sealed class TopClients
{
    private const int MinRoom = 128;

    private readonly ClientField? _field;
    private readonly bool _descending;
    private readonly IComparer<ClientRecord> _rest; // decides between equal first keys
    private readonly Comparison<Row> _comparison;
    private readonly List<Row> _rows = [];
    private readonly int _wanted;
    private readonly long _room;
    private Row _last; // of the page, once one was cut
    private bool _isCut;

    /// <exception cref="ArgumentException">A sort names no field.</exception>
    public TopClients(ImmutableArray<ClientSort> sorts, int wanted)
    {
        _rest = ClientFields.Order(sorts);
        if (sorts is [{ } first, ..] && ClientFields.TryFind(first.Field, out _field))
        {
            _descending = first.Descending;
            _rest = ClientFields.Order(sorts[1..]);
        }

        _comparison = Compare;
        _wanted = wanted;
        _room = Math.Max(MinRoom, 2L * wanted);
    }

    /// <summary>How many were offered.</summary>
    public int Total { get; private set; }

    public void Add(ClientRecord record)
    {
        Total++;
        if (_wanted == 0)
        {
            return;
        }

        var row = new Row(record, _field?.Key(record) ?? default);
        if (_isCut && Compare(row, _last) > 0)
        {
            return;
        }

        _rows.Add(row);
        if (_rows.Count >= _room)
        {
            Cut();
        }
    }

    /// <summary>The first ones, in order.</summary>
    public ImmutableArray<ClientRecord> Take()
    {
        Cut();
        var page = ImmutableArray.CreateBuilder<ClientRecord>(_rows.Count);
        foreach (Row row in _rows)
        {
            page.Add(row.Record);
        }

        return page.MoveToImmutable();
    }

    private void Cut()
    {
        _rows.Sort(_comparison);
        if (_rows.Count > _wanted)
        {
            _rows.RemoveRange(_wanted, _rows.Count - _wanted);
            _last = _rows[^1];
            _isCut = true;
        }
    }

    private int Compare(Row left, Row right)
    {
        int order = left.Key.CompareTo(right.Key);
        return order == 0 ? _rest.Compare(left.Record, right.Record) : _descending ? -order : order;
    }

    private readonly record struct Row(ClientRecord Record, ClientSortKey Key);
}
