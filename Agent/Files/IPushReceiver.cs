using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>
/// Takes orders to place files and reports how they ended. Lives as long as the agent process, over any number of connections. Every member may
/// be called from any thread and returns quickly.
/// </summary>
internal interface IPushReceiver
{
    /// <summary>
    /// Takes an order or refuses it. An order already under way is taken again: with a fresh source path its download resumes. An order already
    /// finished is taken, and its recorded result is reported again without placing anything twice.
    /// </summary>
    UploadReply Accept(UploadOrder order);

    /// <summary>The result of an order that was taken, once there is one. For gateways that know no results of their own (base protocol).</summary>
    Task<UploadResult> WaitForResultAsync(string id, CancellationToken cancellationToken);

    /// <summary>A connection is there: fetch from it, and report results that no gateway has recorded yet.</summary>
    /// <param name="source">Where payloads come from.</param>
    /// <param name="report">
    /// Tells the gateway. True: recorded (or the gateway does not know the push), forget it. False: not recorded, keep it for the next
    /// <see cref="Attach"/>. Throws only for its token. Null: the gateway takes no reports (base protocol), the reply to the order is the report.
    /// </param>
    void Attach(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>>? report);

    /// <summary>The connection of the last <see cref="Attach"/> is gone. Fetches under way fail with <see cref="IOException"/>; nothing is lost.</summary>
    void Detach();

    /// <summary>Stops an order and removes what it left. An unknown id is ignored.</summary>
    void Cancel(string id);

    /// <summary>Does the work until cancelled; then all fetches have stopped, and partial downloads stay for the next start.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>The answer to an order.</summary>
/// <param name="Accepted">Whether it was taken.</param>
/// <param name="Refusal">Why not; empty when taken.</param>
internal sealed record UploadReply(bool Accepted, string Refusal)
{
    public static UploadReply Taken { get; } = new(true, "");

    public static UploadReply Refuse(string why) => new(false, why);
}
