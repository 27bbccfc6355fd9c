using System.Net;
using RPort.Protocol.Udp;

namespace RPort.Protocol.Tests.Udp;

/// <summary>When datagrams leave, and with which others.</summary>
public sealed class UdpFrameQueueTests
{
    private static readonly UdpPeer Peer = UdpPeer.From(new IPEndPoint(IPAddress.Loopback, 53));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly UdpFrameQueue _queue = new(maxBytes: 1024 * 1024);

    [Fact]
    public async Task A_datagram_is_taken_in_the_call_that_adds_it()
    {
        Task<ReadOnlyMemory<byte>> taken = _queue.TakeAsync(default).AsTask();
        Assert.False(taken.IsCompleted);
        Assert.True(_queue.TryAdd(Peer, [1]));
        Assert.True(taken.IsCompleted);
        Assert.Equal([1], Read(await taken).Single());
    }

    [Fact]
    public async Task What_is_held_leaves_together_when_it_is_let_go()
    {
        Task<ReadOnlyMemory<byte>> taken = _queue.TakeAsync(default).AsTask();
        Assert.True(_queue.TryAdd(Peer, [1], hold: true) && _queue.TryAdd(Peer, [2], hold: true));
        Assert.False(taken.IsCompleted);
        _queue.Release();
        Assert.True(taken.IsCompleted);
        Assert.Equal([[1], [2]], Read(await taken));
    }

    [Fact]
    public async Task A_packets_worth_is_not_held()
    {
        Task<ReadOnlyMemory<byte>> taken = _queue.TakeAsync(default).AsTask();
        byte[] datagram = new byte[1200];
        int added = 0;
        for (; !taken.IsCompleted; added++)
        {
            Assert.True(_queue.TryAdd(Peer, datagram, hold: true));
        }

        Assert.InRange(added * datagram.Length, 30_000, 40_000);
        Assert.Equal(added, Read(await taken).Count);
    }

    [Fact]
    public async Task Letting_go_nothing_wakes_nobody_for_nothing()
    {
        UdpFrameReader reader = new();
        Assert.True(_queue.TryAdd(Peer, [1]));
        Assert.Single(Read(await _queue.TakeAsync(default), reader));
        _queue.Release();
        Task<ReadOnlyMemory<byte>> taken = _queue.TakeAsync(default).AsTask();
        _queue.Release();
        Assert.False(taken.IsCompleted);
        Assert.True(_queue.TryAdd(Peer, [2]));
        Assert.True(taken.IsCompleted);
        Assert.Equal([2], Read(await taken, reader).Single());
    }

    [Fact]
    public async Task A_wait_that_was_given_up_leaves_the_ring_to_the_next()
    {
        Bell bell = new();
        using CancellationTokenSource ending = new();
        Task wait = bell.WaitAsync(ending.Token).AsTask();
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Patience));
        bell.Ring();
        bell.Ring();
        Assert.True(bell.WaitAsync(default).IsCompletedSuccessfully);
        Task next = bell.WaitAsync(default).AsTask();
        Assert.False(next.IsCompleted); // two rings are one
        bell.Ring();
        Assert.True(next.IsCompleted);
    }

    [Fact]
    public async Task No_ring_is_lost_between_threads()
    {
        const int Datagrams = 20_000;
        Task adding = Task.Run(() =>
        {
            for (int i = 0; i < Datagrams; i++)
            {
                while (!_queue.TryAdd(Peer, BitConverter.GetBytes(i), hold: i % 3 > 0))
                {
                    Thread.Yield();
                }
            }

            _queue.Release();
        });
        UdpFrameReader reader = new();
        using CancellationTokenSource deadline = new(Patience);
        int next = 0;
        while (next < Datagrams)
        {
            ReadOnlyMemory<byte> frames = await _queue.TakeAsync(deadline.Token);
            foreach (byte[] datagram in Read(frames, reader))
            {
                Assert.Equal(next++, BitConverter.ToInt32(datagram));
            }
        }

        await adding.WaitAsync(Patience);
    }

    private static List<byte[]> Read(ReadOnlyMemory<byte> frames, UdpFrameReader? reader = null)
    {
        reader ??= new UdpFrameReader();
        List<byte[]> datagrams = [];
        while (!frames.IsEmpty)
        {
            Memory<byte> room = reader.GetMemory();
            int count = Math.Min(room.Length, frames.Length);
            frames[..count].CopyTo(room);
            frames = frames[count..];
            reader.Advance(count);
            while (reader.TryRead(out UdpMessage message))
            {
                datagrams.Add(message.Data.ToArray());
            }
        }

        return datagrams;
    }
}
