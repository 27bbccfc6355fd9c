using System.Buffers;
using RPort.Gateway.Agents;

namespace RPort.Gateway.Tests.Agents;

public sealed class LargeBlockPoolTests
{
    [Fact]
    public void Blocks_are_large_and_come_back()
    {
        using MemoryPool<byte> pool = new LargeBlockPoolFactory().Create();
        Memory<byte> first;
        using (IMemoryOwner<byte> block = pool.Rent())
        {
            first = block.Memory;
            Assert.Equal(64 * 1024, first.Length);
        }

        using IMemoryOwner<byte> again = pool.Rent(64 * 1024);
        Assert.True(first.Equals(again.Memory));
        using IMemoryOwner<byte> other = pool.Rent(1);
        Assert.False(first.Equals(other.Memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent((64 * 1024) + 1));
    }

    [Fact]
    public void A_block_given_back_twice_is_lent_once()
    {
        using MemoryPool<byte> pool = new LargeBlockPoolFactory().Create();
        IMemoryOwner<byte> block = pool.Rent();
        block.Dispose();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.Memory);
        using IMemoryOwner<byte> one = pool.Rent();
        using IMemoryOwner<byte> two = pool.Rent();
        Assert.False(one.Memory.Equals(two.Memory));
    }
}
