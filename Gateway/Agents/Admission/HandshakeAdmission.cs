using System.Net;
using Microsoft.Extensions.Options;

namespace RPort.Gateway.Agents.Admission;

/// <summary>
/// Decides which connections may be in their handshake. A slot is held from before the upgrade to the end of the login, and every slot has a
/// deadline. When all are taken, or all that one address may hold, a newcomer waits in line, and its coming cuts the handshake (of its own
/// address, or of the address that holds the most) whose peer has been silent longest, if that is longer than its grace. Peers that stall can
/// therefore delay others, never lock them out; and a crowd that is slow because the machine is busy is not cut for its own newcomers, which
/// would throw all the work away, again and again.
/// </summary>
internal sealed class HandshakeAdmission(IOptions<AgentDoorOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly AgentDoorOptions _options = options.Value;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, LinkedList<HandshakeSlot>> _byAddress = []; // each by last progress, the earliest first
    private readonly LinkedList<Waiter> _waiters = [];
    private ITimer? _rounds; // one for all: thousands may wait
    private int _active;

    /// <summary>Handshakes under way.</summary>
    public int Active
    {
        get
        {
            lock (_gate)
            {
                return _active;
            }
        }
    }

    /// <summary>A slot, to be disposed at the end of the handshake; null where there was none in time.</summary>
    public async ValueTask<HandshakeSlot?> EnterAsync(IPAddress address, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> place;
        HandshakeSlot? idlest;
        lock (_gate)
        {
            if (HasRoom(address))
            {
                return Take(address);
            }

            if (_waiters.Count >= _options.MaxWaitingHandshakes)
            {
                return null;
            }

            place = _waiters.AddLast(new Waiter(address, clock.GetTimestamp()));
            _rounds ??= clock.CreateTimer(static self => ((HandshakeAdmission)self!).LookAfterWaiting(), this, Interval, Interval);
            idlest = MakeRoomFor(place.Value);
        }

        idlest?.Cut();
        return await WaitAsync(place, cancellationToken);
    }

    internal void Arrived(HandshakeSlot slot)
    {
        lock (_gate)
        {
            slot.IsOursToDo = true;
        }
    }

    internal void Progress(HandshakeSlot slot)
    {
        lock (_gate)
        {
            slot.IsOursToDo = false;
            if (slot.Place.List is { } slots)
            {
                slots.Remove(slot.Place);
                slots.AddLast(slot.Place);
                slot.LastProgress = clock.GetTimestamp();
            }
        }
    }

    internal void Leave(HandshakeSlot slot)
    {
        lock (_gate)
        {
            LinkedList<HandshakeSlot> slots = _byAddress[slot.Address];
            slots.Remove(slot.Place);
            if (slots.Count == 0)
            {
                _byAddress.Remove(slot.Address);
            }

            _active--;
            AdmitWaiting();
        }
    }

    private async ValueTask<HandshakeSlot?> WaitAsync(LinkedListNode<Waiter> place, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration gone = cancellationToken.UnsafeRegister(_ => TurnAway(place), null);
        return await place.Value.Admitted.Task;
    }

    private void TurnAway(LinkedListNode<Waiter> place)
    {
        lock (_gate)
        {
            if (place.List is null)
            {
                return; // it has its slot, or its time is over
            }

            _waiters.Remove(place);
        }

        place.Value.Admitted.SetResult(null);
    }

    /// <summary>While anybody waits: whose time is over is turned away, and somebody else may have used up his grace meanwhile.</summary>
    private void LookAfterWaiting()
    {
        List<LinkedListNode<Waiter>> late = [];
        List<HandshakeSlot> idle = [];
        lock (_gate)
        {
            for (LinkedListNode<Waiter>? place = _waiters.First; place is not null; place = place.Next)
            {
                if (clock.GetElapsedTime(place.Value.Since) >= _options.HandshakeQueueTime)
                {
                    late.Add(place);
                }
                else if (MakeRoomFor(place.Value) is { } idlest)
                {
                    idle.Add(idlest);
                }
            }

            if (_waiters.Count == 0)
            {
                _rounds?.Dispose();
                _rounds = null;
            }
        }

        late.ForEach(TurnAway);
        idle.ForEach(static slot => slot.Cut());
    }

    // Under the lock. What it returns is to be cut outside.
    private HandshakeSlot? MakeRoomFor(Waiter waiter)
    {
        if (waiter.HasCut)
        {
            return null;
        }

        _byAddress.TryGetValue(waiter.Address, out LinkedList<HandshakeSlot>? slots);
        if (slots is null || slots.Count < _options.MaxHandshakesPerAddress)
        {
            slots = _byAddress.Values.MaxBy(static s => s.Count);
        }

        HandshakeSlot? idlest = slots?.FirstOrDefault(static s => !s.IsCut && !s.IsOursToDo);
        if (idlest is null || clock.GetElapsedTime(idlest.LastProgress) < _options.HandshakeGrace)
        {
            return null;
        }

        waiter.HasCut = true;
        idlest.IsCut = true;
        return idlest;
    }

    // Under the lock. One slot became free, so one is admitted at most: the first who may have it.
    private void AdmitWaiting()
    {
        for (LinkedListNode<Waiter>? place = _waiters.First; place is not null; place = place.Next)
        {
            if (HasRoom(place.Value.Address))
            {
                _waiters.Remove(place);
                place.Value.Admitted.SetResult(Take(place.Value.Address));
                return;
            }
        }
    }

    private bool HasRoom(IPAddress address) =>
        _active < _options.MaxConcurrentHandshakes
        && (!_byAddress.TryGetValue(address, out LinkedList<HandshakeSlot>? slots) || slots.Count < _options.MaxHandshakesPerAddress);

    private HandshakeSlot Take(IPAddress address)
    {
        if (!_byAddress.TryGetValue(address, out LinkedList<HandshakeSlot>? slots))
        {
            _byAddress[address] = slots = [];
        }

        HandshakeSlot slot = new(this, address, clock, _options.HandshakeTimeout);
        slot.Place = slots.AddLast(slot);
        _active++;
        return slot;
    }

    private sealed class Waiter(IPAddress address, long since)
    {
        public IPAddress Address => address;

        public long Since => since;

        /// <summary>Its slot; null when it is turned away. Set by whoever takes it out of the line.</summary>
        public TaskCompletionSource<HandshakeSlot?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // One newcomer cuts one peer at most, or a crowd waiting in line would clear the room.
        public bool HasCut { get; set; }
    }
}
