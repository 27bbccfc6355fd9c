using System.Diagnostics.CodeAnalysis;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one machine (one agent). 1 to 128 visible characters, no white space, no <c>/</c>; compared exactly.</summary>
[GenerateSerializer, Immutable, Alias("rport.ClientId")]
public readonly record struct ClientId([property: Id(0)] string Value) : IParsable<ClientId>, IComparable<ClientId>
{
    /// <summary>The most characters an id may have.</summary>
    public const int MaxLength = 128;

    /// <summary>The id, or a <see cref="FormatException"/> that says what is wrong with it.</summary>
    public static ClientId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out ClientId id)
            ? id
            : throw new FormatException($"A client id has 1 to {MaxLength} visible characters without '/' and white space.");

    /// <summary>True where <paramref name="s"/> is a well-formed id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ClientId result)
    {
        result = default;
        if (string.IsNullOrEmpty(s) || s.Length > MaxLength || s.Any(c => c == '/' || char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            return false;
        }

        result = new ClientId(s);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(ClientId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
