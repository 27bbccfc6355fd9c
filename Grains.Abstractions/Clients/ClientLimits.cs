namespace RPort.Grains.Abstractions;

/// <summary>Bounds on what a client grain keeps.</summary>
public static class ClientLimits
{
    /// <summary>The most pushes that wait for one client.</summary>
    public const int MaxPendingPushes = 256;

    /// <summary>The most tunnels of one client.</summary>
    public const int MaxTunnels = 512;

    /// <summary>The most tunnel templates kept for one client.</summary>
    public const int MaxStoredTunnels = 1000;

    /// <summary>The most questions that wait for one client's session.</summary>
    public const int MaxOpenQuestions = 64;

    /// <summary>The longest payload of a question or an answer, in bytes.</summary>
    public const int MaxQuestionBytes = 64 * 1024;

    /// <summary>The longest wait for an answer. Under the time after which Orleans gives a call up.</summary>
    public static readonly TimeSpan MaxQuestionTime = TimeSpan.FromSeconds(25);
}
