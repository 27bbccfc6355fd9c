namespace RPort.Grains.Abstractions;

/// <summary>What became of a push given to a client.</summary>
public enum AssignOutcome
{
    /// <summary>Kept, and the client's live session was told.</summary>
    Delivered,
    /// <summary>Kept until the client connects.</summary>
    Kept,
    /// <summary>Refused: there is no such client.</summary>
    UnknownClient,
    /// <summary>Refused: <see cref="ClientLimits.MaxPendingPushes"/> pushes wait for this client already.</summary>
    Full,
}
