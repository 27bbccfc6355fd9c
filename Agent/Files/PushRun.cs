using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>One order being worked on, over one connection. Ends by itself, by cancel, or by the loss of its connection; once placing has begun it only ends by itself.</summary>
internal sealed class PushRun : IDisposable
{
    private const int Waiting = 0, Placing = 1, Stopped = 2;

    private readonly CancellationTokenSource _cancel = new();
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenSource _fetching;
    private int _phase = Waiting;

    public PushRun(UploadOrder order, FilePath destination, FilePath target, ReceptionLink link, CancellationToken shutdown)
    {
        Order = order;
        Destination = destination;
        Target = target;
        Link = link;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_cancel.Token, shutdown);
        _fetching = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, link.Gone);
        Stop = _stop.Token;
        Fetching = _fetching.Token;
    }

    public UploadOrder Order { get; }

    /// <summary>The destination, cleaned, as the order has it.</summary>
    public FilePath Destination { get; }

    /// <summary>The destination with its links followed when the order came.</summary>
    public FilePath Target { get; }

    public ReceptionLink Link { get; }

    public int Attempt => Order.Attempt ?? 0;

    /// <summary>Fires when the push is taken back or the agent stops.</summary>
    public CancellationToken Stop { get; }

    /// <summary>Fires as <see cref="Stop"/> does, and when the connection is gone.</summary>
    public CancellationToken Fetching { get; }

    /// <summary>The result is the answer to the order, nobody asks later: nothing is remembered.</summary>
    public bool Once => Link.Report is null;

    /// <summary>The work, owned by the receiver. Never faults.</summary>
    public Task<UploadResult?> Work { get; set; } = Task.FromResult<UploadResult?>(null);

    public bool IsCancelled => Volatile.Read(ref _phase) == Stopped;

    /// <summary>The point of no return: false where the push was taken back before.</summary>
    public bool TryBeginPlacing() => Interlocked.CompareExchange(ref _phase, Placing, Waiting) != Stopped;

    /// <summary>False where the file is being placed already.</summary>
    public bool TryCancel()
    {
        if (Interlocked.CompareExchange(ref _phase, Stopped, Waiting) == Placing) { return false; }
        _cancel.Cancel();
        return true;
    }

    public void Dispose()
    {
        _fetching.Dispose();
        _stop.Dispose();
        // _cancel stays usable: a late TryCancel must not meet a disposed source, and one without timer or links holds nothing.
    }
}

/// <summary>One connection as reception sees it: where content comes from and who takes results, until it is gone.</summary>
internal sealed class ReceptionLink(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>>? report, CancellationToken gone)
{
    public IPayloadSource Source => source;

    /// <summary>Null: the gateway takes the reply to the order as the result.</summary>
    public Func<UploadResult, CancellationToken, Task<bool>>? Report => report;

    public CancellationToken Gone => gone;
}
