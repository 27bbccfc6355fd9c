namespace RPort.Grains.Abstractions;

/// <summary>What became of a request to forget a client.</summary>
public enum DeleteOutcome
{
    /// <summary>The client is forgotten.</summary>
    Deleted,
    /// <summary>There is no such client.</summary>
    NotFound,
    /// <summary>Refused: its agent is connected.</summary>
    Connected,
}
