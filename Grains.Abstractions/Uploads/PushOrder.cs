using Orleans;
using Orleans.Concurrency;

namespace RPort.Grains.Abstractions;

/// <summary>What one agent is to do: place this file there. The bytes wait in the payload store under the upload's id.</summary>
[GenerateSerializer, Immutable, Alias("rport.PushOrder")]
public sealed record PushOrder
{
    /// <summary>Which push.</summary>
    [Id(0)] public UploadId Upload { get; init; }
    /// <summary>Absolute path of the file to place, in the agent machine's form.</summary>
    [Id(1)] public string Destination { get; init; } = "";
    /// <summary>Unix permission bits (0 to 0o7777), or null to leave them to the agent.</summary>
    [Id(2)] public int? Mode { get; init; }
    /// <summary>User to own the file, or empty.</summary>
    [Id(3)] public string Owner { get; init; } = "";
    /// <summary>Group to own the file, or empty.</summary>
    [Id(4)] public string Group { get; init; } = "";
    /// <summary>Replace a file that is there.</summary>
    [Id(5)] public bool Force { get; init; }
    /// <summary>Replace a file that is there when its content differs, mend mode and owner when only they differ.</summary>
    [Id(6)] public bool Sync { get; init; }
    /// <summary>The payload's length in bytes.</summary>
    [Id(7)] public long Size { get; init; }
    /// <summary>The payload's MD5, base64 (existing agents verify by it).</summary>
    [Id(8)] public string Md5 { get; init; } = "";
    /// <summary>The payload's SHA-256, base64.</summary>
    [Id(9)] public string Sha256 { get; init; } = "";
    /// <summary>True: a failing chmod or chown is a note in the result instead of an error.</summary>
    [Id(10)] public bool LenientOwnership { get; init; }
    /// <summary>Raised by a retry: an agent that already answered a lower attempt carries the push out anew.</summary>
    [Id(11)] public int Attempt { get; init; }
}
