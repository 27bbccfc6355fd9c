namespace Orleans.Engine;

/// <summary>
/// The calls of one target, waiting and running, and the rule which may begin. Holds no lock: its owner does.
/// </summary>
/// <remarks>
/// One running call blocks: the first to begin that is not <c>[AlwaysInterleave]</c>. Beside it only these may begin: any call of a
/// reentrant class, <c>[AlwaysInterleave]</c>, and <c>[ReadOnly]</c> when the blocking one is read-only too. When the blocking call ends,
/// the next may begin even if others that began beside it still run. All this is as in Orleans.
/// </remarks>
internal struct Mailbox
{
    private GrainCall? _firstWaiting;
    private GrainCall? _lastWaiting;
    private GrainCall? _firstRunning;
    private GrainCall? _blocking;
    private int _mayInterleave; // waiting calls that could begin beside a blocking one: saves looking through a long queue in vain

    public int Waiting { get; private set; }

    public int Running { get; private set; }

    public readonly int Count => Waiting + Running;

    public void Add(GrainCall call)
    {
        Link(ref _firstWaiting, ref _lastWaiting, call);
        Waiting++;
        _mayInterleave += MayInterleave(call) ? 1 : 0;
    }

    /// <summary>Takes the first call that may begin now, and counts it as running.</summary>
    public GrainCall? TakeNext(bool reentrant)
    {
        for (GrainCall? call = _firstWaiting; call is not null; call = call.Next)
        {
            if (_blocking is null || reentrant || call.Method.IsAlwaysInterleave || (_blocking.Method.IsReadOnly && call.Method.IsReadOnly))
            {
                Remove(call);
                Begin(call);
                return call;
            }

            if (_mayInterleave == 0)
            {
                return null;
            }
        }

        return null;
    }

    public void Done(GrainCall call)
    {
        GrainCall? none = null;
        Unlink(ref _firstRunning, ref none, call);
        Running--;
        if (ReferenceEquals(_blocking, call))
        {
            _blocking = null;
        }
    }

    /// <summary>Takes all waiting calls out, in order, linked by <see cref="GrainCall.Next"/>.</summary>
    public GrainCall? TakeAllWaiting()
    {
        GrainCall? first = _firstWaiting;
        _firstWaiting = _lastWaiting = null;
        Waiting = _mayInterleave = 0;
        return first;
    }

    /// <summary>Collects the calls whose time is over, or all. Waiting ones leave; running ones stay, since the grain still works on them.</summary>
    public void CollectExpired(uint? now, ref List<GrainCall>? expired)
    {
        for (GrainCall? call = _firstWaiting, next; call is not null; call = next)
        {
            next = call.Next;
            if (IsOver(call, now))
            {
                Remove(call);
                (expired ??= []).Add(call);
            }
        }

        for (GrainCall? call = _firstRunning; call is not null; call = call.Next)
        {
            if (IsOver(call, now) && !call.IsAnswered && !call.Method.IsOneWay)
            {
                (expired ??= []).Add(call);
            }
        }
    }

    private static bool IsOver(GrainCall call, uint? now) =>
        !call.IsLocal && (now is not { } tick || (int)(tick - call.ExpiresAt) >= 0);

    private static bool MayInterleave(GrainCall call) => call.Method.IsAlwaysInterleave || call.Method.IsReadOnly;

    private static void Link(ref GrainCall? first, ref GrainCall? last, GrainCall call)
    {
        call.Previous = last;
        call.Next = null;
        if (last is null)
        {
            first = call;
        }
        else
        {
            last.Next = call;
        }

        last = call;
    }

    private static void Unlink(ref GrainCall? first, ref GrainCall? last, GrainCall call)
    {
        if (call.Previous is null)
        {
            first = call.Next;
        }
        else
        {
            call.Previous.Next = call.Next;
        }

        if (call.Next is null)
        {
            last = call.Previous;
        }
        else
        {
            call.Next.Previous = call.Previous;
        }

        call.Next = call.Previous = null;
    }

    private void Remove(GrainCall call)
    {
        Unlink(ref _firstWaiting, ref _lastWaiting, call);
        Waiting--;
        _mayInterleave -= MayInterleave(call) ? 1 : 0;
    }

    private void Begin(GrainCall call)
    {
        call.Next = _firstRunning;
        if (_firstRunning is not null)
        {
            _firstRunning.Previous = call;
        }

        _firstRunning = call;
        Running++;
        if (_blocking is null && !call.Method.IsAlwaysInterleave)
        {
            _blocking = call;
        }
    }
}
