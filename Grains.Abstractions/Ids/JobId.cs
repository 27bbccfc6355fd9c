using System.Diagnostics.CodeAnalysis;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one command given to one client: a random UUID, on the API in its usual form of 36 characters.</summary>
[GenerateSerializer, Immutable, Alias("rport.JobId")]
public readonly record struct JobId([property: Id(0)] Guid Value) : IParsable<JobId>
{
    /// <summary>A new random id.</summary>
    public static JobId New() => new(Guid.NewGuid());

    /// <summary>The id, or a <see cref="FormatException"/>.</summary>
    public static JobId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out JobId id) ? id : throw new FormatException("A job id is a UUID of 36 characters.");

    /// <summary>True where <paramref name="s"/> is a well-formed id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out JobId result)
    {
        bool parsed = Guid.TryParseExact(s, "D", out Guid value);
        result = new JobId(value);
        return parsed;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}
