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
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    private readonly AgentDoorOptions _options = options.Value;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, LinkedList<HandshakeSlot>> _byAddress = []; // each by last progress, the earliest first
    private readonly LinkedList<Waiter> _waiters = [];
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

            place = _waiters.AddLast(new Waiter(address));
        }

        return await WaitAsync(place, cancellationToken);
    }

    internal void Progress(HandshakeSlot slot)
    {
        lock (_gate)
        {
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
        Waiter waiter = place.Value;
        long start = clock.GetTimestamp();
        try
        {
            while (clock.GetElapsedTime(start) < _options.HandshakeQueueTime)
            {
                MakeRoomFor(waiter)?.Cut();
                try
                {
                    return await waiter.Admitted.Task.WaitAsync(RetryInterval, clock, cancellationToken);
                }
                catch (TimeoutException)
                {
                    // Somebody may have used up his grace meanwhile.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The newcomer has gone away; the answer does not matter.
        }

        lock (_gate)
        {
            if (!waiter.Admitted.Task.IsCompleted)
            {
                _waiters.Remove(place);
                return null;
            }
        }

        return await waiter.Admitted.Task;
    }

    private HandshakeSlot? MakeRoomFor(Waiter waiter)
    {
        lock (_gate)
        {
            if (waiter.HasCut || waiter.Admitted.Task.IsCompleted)
            {
                return null;
            }

            _byAddress.TryGetValue(waiter.Address, out LinkedList<HandshakeSlot>? slots);
            if (slots is null || slots.Count < _options.MaxHandshakesPerAddress)
            {
                slots = _byAddress.Values.MaxBy(static s => s.Count);
            }

            HandshakeSlot? idlest = slots?.FirstOrDefault(static s => !s.IsCut);
            if (idlest is null || clock.GetElapsedTime(idlest.LastProgress) < _options.HandshakeGrace)
            {
                return null;
            }

            waiter.HasCut = true;
            idlest.IsCut = true;
            return idlest;
        }
    }

    private void AdmitWaiting()
    {
        for (LinkedListNode<Waiter>? next = _waiters.First; next is not null && _active < _options.MaxConcurrentHandshakes;)
        {
            LinkedListNode<Waiter> place = next;
            next = next.Next;
            if (HasRoom(place.Value.Address))
            {
                _waiters.Remove(place);
                place.Value.Admitted.SetResult(Take(place.Value.Address));
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

    private sealed class Waiter(IPAddress address)
    {
        public IPAddress Address => address;

        public TaskCompletionSource<HandshakeSlot> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // One newcomer cuts one peer at most, or a crowd waiting in line would clear the room.
        public bool HasCut { get; set; }
    }
}
