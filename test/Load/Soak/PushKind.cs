namespace RPort.Load.Soak;

/// <summary>What is to become of a push.</summary>
internal enum PushKind
{
    /// <summary>Agents that are away are waited for: it arrives at all of them.</summary>
    Waiting,

    /// <summary>Agents that are away when it starts fail at once, and are named.</summary>
    AtOnce,

    /// <summary>Goes to a folder that agents protect.</summary>
    Refused,

    /// <summary>Goes where a file may be already, which stays.</summary>
    Ignored,
}

/// <summary>A push as it was asked for.</summary>
/// <param name="Id">Chosen by us, so that it can be asked for again when the answer got lost.</param>
internal sealed record PlannedPush(string Id, PushKind Kind, string Destination, long Size, byte[] Sha256, IReadOnlyList<string> Targets)
{
    /// <summary>Below it agents place nothing.</summary>
    public const string Protected = "/protected";

    /// <summary>Below it files stay where they are.</summary>
    public const string Kept = "/kept";
}
