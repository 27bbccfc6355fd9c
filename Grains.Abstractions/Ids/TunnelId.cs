using System.Globalization;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one tunnel of a client: a number from 1 up, in decimal on the API. Never given out again, also after the client was deleted.</summary>
[GenerateSerializer, Immutable, Alias("rport.TunnelId")]
public readonly record struct TunnelId([property: Id(0)] long Value) : IParsable<TunnelId>, IComparable<TunnelId>
{
    /// <summary>The id, or a <see cref="FormatException"/>.</summary>
    public static TunnelId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out TunnelId id) ? id : throw new FormatException("A tunnel id is a number from 1 up.");

    /// <summary>True where <paramref name="s"/> is a well-formed id.</summary>
    public static bool TryParse(string? s, IFormatProvider? provider, out TunnelId result)
    {
        bool parsed = long.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0;
        result = parsed ? new TunnelId(value) : default;
        return parsed;
    }

    /// <inheritdoc/>
    public int CompareTo(TunnelId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
