using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace RPort.Gateway.Agents;

/// <summary>
/// Gives Kestrel 64 KiB blocks in place of 4 KiB ones: an upgraded connection is then read with a sixteenth of the system calls. Connections hold
/// no block while they are idle, so the number of blocks follows the traffic, not the number of agents.
/// </summary>
internal sealed class LargeBlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new LargeBlockPool();

    private sealed class LargeBlockPool : MemoryPool<byte>
    {
        private const int BlockBytes = 64 * 1024;

        // 16 MiB; what a burst needed beyond that goes back to the garbage collector.
        private const int MaxKept = 256;

        private readonly ConcurrentQueue<byte[]> _free = new();
        private int _kept;
        private volatile bool _disposed;

        public override int MaxBufferSize => BlockBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_free.TryDequeue(out byte[]? block))
            {
                Interlocked.Decrement(ref _kept);
            }

            // Pinned for good: the socket layer would otherwise pin it for every operation.
            return new Block(this, block ?? GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
        }

        protected override void Dispose(bool disposing)
        {
            _disposed = true;
            _free.Clear();
        }

        private void Return(byte[] block)
        {
            if (_disposed || Interlocked.Increment(ref _kept) > MaxKept)
            {
                Interlocked.Decrement(ref _kept);
                return;
            }

            _free.Enqueue(block);
        }

        private sealed class Block(LargeBlockPool pool, byte[] bytes) : IMemoryOwner<byte>
        {
            private byte[]? _bytes = bytes;

            public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
                {
                    pool.Return(bytes);
                }
            }
        }
    }
}
