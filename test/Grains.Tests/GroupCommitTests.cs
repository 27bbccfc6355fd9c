using RPort.Grains.Tests.Kit;

namespace RPort.Grains.Tests;

public sealed class GroupCommitTests
{
    private readonly Queue<TaskCompletionSource> _writes = new();
    private TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Those_who_come_while_a_write_runs_share_the_next_one()
    {
        var commit = new GroupCommit(WriteAsync);
        Task first = commit.CommitAsync();
        TaskCompletionSource write1 = await BegunAsync();
        Task second = commit.CommitAsync();
        Task third = commit.CommitAsync();
        Assert.False(commit.IsIdle);

        write1.SetResult();
        await first.Soon();
        Assert.False(second.IsCompleted);
        (await BegunAsync()).SetResult();

        await Task.WhenAll(second, third).Soon();
        Assert.Empty(_writes);
    }

    [Fact]
    public async Task A_failed_write_fails_all_who_wait_and_all_who_come_later()
    {
        var commit = new GroupCommit(WriteAsync);
        Task first = commit.CommitAsync();
        TaskCompletionSource write = await BegunAsync();
        Task second = commit.CommitAsync();

        write.SetException(new IOException("disk"));

        await Assert.ThrowsAsync<IOException>(() => first.Soon());
        await Assert.ThrowsAsync<IOException>(() => second.Soon());
        await Assert.ThrowsAsync<IOException>(() => commit.CommitAsync().Soon());
        Assert.False(commit.IsIdle);
        Assert.Empty(_writes);
    }

    private Task WriteAsync()
    {
        var write = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _writes.Enqueue(write);
        _begun.TrySetResult();
        return write.Task;
    }

    private async Task<TaskCompletionSource> BegunAsync()
    {
        await _begun.Task.Soon();
        _begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _writes.Dequeue();
    }
}
