namespace RPort.Testing;

/// <summary>What a <see cref="FaultyProxy"/> does to the bytes of one direction. Immutable: a change replaces the whole.</summary>
public sealed record LinkFault
{
    /// <summary>Everything is passed on at once.</summary>
    public static LinkFault None { get; } = new();

    /// <summary>Time every byte is under way; bytes behind it are not held up by it.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Bytes per second and connection; 0 for as many as come.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>Each byte goes out in a write, and so a segment, of its own.</summary>
    public bool SingleBytes { get; init; }

    /// <summary>Bytes are read and never passed on, and neither is the end of the stream: as behind a router that has lost its state.</summary>
    public bool Swallow { get; init; }

    /// <summary>
    /// Connections hold back what comes after so many bytes of theirs, until this is no longer so. Counted from the beginning of the connection.
    /// </summary>
    public long HoldAfter { get; init; } = long.MaxValue;
}
