using System.Diagnostics.CodeAnalysis;
using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>Names one file push. 1 to 64 characters of <c>A–Z a–z 0–9 . _ -</c>, not starting with a dot: it is part of file and blob names.</summary>
[GenerateSerializer, Immutable, Alias("rport.UploadId")]
public readonly record struct UploadId([property: Id(0)] string Value) : IParsable<UploadId>
{
    /// <summary>The most characters an id may have.</summary>
    public const int MaxLength = 64;

    /// <summary>A new random id (a version 4 UUID).</summary>
    public static UploadId New() => new(Guid.NewGuid().ToString());

    /// <summary>The id, or a <see cref="FormatException"/> that says what is wrong with it.</summary>
    public static UploadId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out UploadId id)
            ? id
            : throw new FormatException($"An upload id has 1 to {MaxLength} characters of A-Z a-z 0-9 . _ - and does not start with a dot.");

    /// <summary>True where <paramref name="s"/> is a well-formed id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out UploadId result)
    {
        result = default;
        if (string.IsNullOrEmpty(s) || s.Length > MaxLength || s[0] == '.' || !s.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
        {
            return false;
        }

        result = new UploadId(s);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
