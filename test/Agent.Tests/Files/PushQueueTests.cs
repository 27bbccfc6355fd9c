using System.Text;
using RPort.Agent.Configuration;
using RPort.Agent.Files;
using RPort.Protocol;
using RPort.Testing;

namespace RPort.Agent.Tests.Files;

/// <summary>Several pushes, repeated orders, cancel and reports.</summary>
public sealed class PushQueueTests : IAsyncLifetime
{
    private readonly Reception _machine = new() { Options = new FileReceptionOptions { MaxConcurrent = 2, MaxPending = 2 } };
    private readonly byte[] _content = Encoding.UTF8.GetBytes("content");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task Pushes_run_beside_each_other_up_to_the_limit_and_the_queue_refuses_when_full()
    {
        MemoryPayload source = new(_content) { HoldAt = 0, Holders = 2 };
        FileReceiver receiver = _machine.Start(source);
        for (int i = 1; i <= 4; i++) { Assert.True(receiver.Accept(Order(i)).Accepted); }
        Assert.Equal(UploadRefusals.Busy, receiver.Accept(Order(5)).Refusal);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Task[] ended = [.. Enumerable.Range(1, 4).Select(i => receiver.WaitForResultAsync($"push-{i}", CancellationToken.None))];
        source.Release.SetResult();
        HashSet<string> done = [];
        for (int i = 1; i <= 4; i++) { done.Add((await NextAsync()).Id); }
        Assert.Equal(["push-1", "push-2", "push-3", "push-4"], done.Order());
        Assert.Equal(2, source.MostAtOnce);
        await Task.WhenAll(ended).WaitAsync(Reception.Patience); // reported comes a moment before gone from the queue
        Assert.True(receiver.Accept(Order(5)).Accepted);
        await NextAsync();
    }

    [Fact]
    public async Task Pushes_to_one_destination_are_done_one_after_the_other_in_order()
    {
        byte[] second = Encoding.UTF8.GetBytes("second content");
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(_machine.Order(_content) with { ForceWrite = true }).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Assert.True(receiver.Accept(_machine.Order(second, id: "push-2")).Accepted);
        Assert.True(receiver.Accept(Order(3)).Accepted); // another destination is not held up
        source.Release.SetResult();
        List<UploadResult> results = [await NextAsync(), await NextAsync(), await NextAsync()];
        Assert.Equal(UploadResult.Success, results.Single(r => r.Id == "push-1").Status);
        Assert.Equal(UploadResult.Ignored, results.Single(r => r.Id == "push-2").Status); // it saw what the first had placed
        Assert.Equal(UploadResult.Success, results.Single(r => r.Id == "push-3").Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
    }

    [Fact]
    public async Task An_order_given_twice_while_under_way_is_done_once()
    {
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(Order(1)).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Assert.True(receiver.Accept(Order(1)).Accepted);
        source.Release.SetResult();
        await NextAsync();
        Assert.Equal(1, source.Fetches);
    }

    [Fact]
    public async Task An_order_that_has_ended_is_answered_by_its_result_and_not_done_again()
    {
        UploadResult first = await _machine.PushAsync(Order(1) with { ForceWrite = true }, _content);
        File.WriteAllText(_machine.In("file-1"), "changed by hand");
        MemoryPayload source = new(_content);
        UploadResult again = await _machine.PushAsync(Order(1) with { ForceWrite = true }, source);
        Assert.Equal(first, again);
        Assert.Equal(0, source.Fetches);
        Assert.Equal("changed by hand", File.ReadAllText(_machine.In("file-1")));
    }

    [Fact]
    public async Task A_higher_attempt_is_done_again_and_a_lower_one_never()
    {
        await _machine.PushAsync(Order(1) with { ForceWrite = true }, _content);
        File.Delete(_machine.In("file-1"));
        UploadResult second = await _machine.PushAsync(Order(1) with { Attempt = 2 }, _content);
        Assert.Equal((UploadResult.Success, 2), (second.Status, second.Attempt));
        Assert.True(File.Exists(_machine.In("file-1")));

        UploadResult late = await _machine.PushAsync(Order(1) with { Attempt = 1, ForceWrite = true }, _content);
        Assert.Equal(second, late);
    }

    [Fact]
    public async Task A_higher_attempt_takes_over_one_under_way()
    {
        MemoryPayload first = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(first);
        Assert.True(receiver.Accept(Order(1)).Accepted);
        await first.Held.Task.WaitAsync(Reception.Patience);
        UploadResult second = await _machine.PushAsync(Order(1) with { Attempt = 2 }, new MemoryPayload(_content), receiver);
        Assert.Equal((UploadResult.Success, 2), (second.Status, second.Attempt));
        Assert.False(_machine.HasReport);
    }

    [Fact]
    public async Task A_report_is_repeated_until_it_is_recorded_and_then_never_again()
    {
        int left = 3;
        _machine.Records = _ => --left == 0;
        FileReceiver receiver = _machine.Start(new MemoryPayload(_content));
        Assert.True(receiver.Accept(Order(1)).Accepted);
        UploadResult[] reports = [await NextAsync(), await NextAsync(), await NextAsync()];
        Assert.Single(reports.Distinct());

        UploadResult other = await _machine.PushAsync(Order(2), new MemoryPayload(_content), receiver); // and the next report is of the next push
        Assert.Equal("push-2", other.Id);
        Assert.False(_machine.HasReport);
    }

    [Fact]
    public async Task A_report_that_fails_is_repeated_on_the_next_connection()
    {
        FileReceiver receiver = _machine.Start();
        TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        receiver.Attach(new MemoryPayload(_content), (_, _) =>
        {
            tried.TrySetResult();
            throw new IOException("the connection was lost");
        });
        Assert.True(receiver.Accept(Order(1)).Accepted);
        await tried.Task.WaitAsync(Reception.Patience);
        _machine.Attach(receiver, new MemoryPayload(_content));
        Assert.Equal("push-1", (await NextAsync()).Id);
    }

    [Fact]
    public async Task Cancel_stops_a_fetch_and_removes_everything()
    {
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(Order(1)).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Task<UploadResult> ended = receiver.WaitForResultAsync("push-1", CancellationToken.None);
        receiver.Cancel("push-1");
        await ended.WaitAsync(Reception.Patience);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_machine.PushFolder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_machine.Dest));
        Assert.False(_machine.HasReport);
        receiver.Cancel("unknown");
    }

    [Fact]
    public async Task Cancel_takes_a_waiting_push_out_of_the_queue()
    {
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        for (int i = 1; i <= 3; i++) { Assert.True(receiver.Accept(_machine.Order(_content, id: $"push-{i}")).Accepted); } // one destination: two wait
        Task<UploadResult> ended = receiver.WaitForResultAsync("push-2", CancellationToken.None);
        receiver.Cancel("push-2");
        Assert.Equal("the push was taken back", (await ended.WaitAsync(Reception.Patience)).Message);
        source.Release.SetResult();
        Assert.Equal(["push-1", "push-3"], new[] { (await NextAsync()).Id, (await NextAsync()).Id }.Order());
    }

    [Fact]
    public async Task Cancel_removes_what_a_lost_connection_left()
    {
        MemoryPayload source = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(source);
        Assert.True(receiver.Accept(Order(1)).Accepted);
        await source.Held.Task.WaitAsync(Reception.Patience);
        Task<UploadResult> ended = receiver.WaitForResultAsync("push-1", CancellationToken.None);
        receiver.Detach();
        await ended.WaitAsync(Reception.Patience);
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(_machine.PushFolder));
        receiver.Cancel("push-1");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_machine.PushFolder));
    }

    [Fact]
    public async Task Cancel_is_too_late_once_placing_has_begun()
    {
        TaskCompletionSource intended = new(TaskCreationOptions.RunContinuationsAsynchronously), goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Reception machine = new();
        FileReceiverSettings settings = machine.Settings with
        {
            Reached = async stage =>
            {
                if (stage == PushStage.Intended)
                {
                    intended.SetResult();
                    await goOn.Task;
                }
            },
        };
        machine.Settings = settings;
        FileReceiver receiver = machine.Start(new MemoryPayload(_content));
        Assert.True(receiver.Accept(machine.Order(_content)).Accepted);
        await intended.Task.WaitAsync(Reception.Patience);
        receiver.Cancel("push-1");
        receiver.Detach(); // neither does a lost connection undo it
        goOn.SetResult();
        machine.Attach(receiver, new MemoryPayload(_content));
        Assert.Equal(UploadResult.Success, (await machine.ReportAsync("push-1")).Status);
        Assert.Equal(_content, File.ReadAllBytes(machine.In("file.bin")));
    }

    [Fact]
    public async Task Recorded_results_are_forgotten_after_a_day_and_beyond_the_bound()
    {
        MovableClock clock = new();
        _machine.Clock = clock;
        _machine.Settings = _machine.Settings with { MaxResults = 2 };
        for (int i = 1; i <= 3; i++)
        {
            await _machine.PushAsync(Order(i), _content);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        await _machine.StopAsync(); // with it ends the writing down of what was recorded
        Assert.Equal(["push-2", "push-3"], Remembered());
        clock.Advance(TimeSpan.FromHours(25));
        _machine.Start();
        Assert.Empty(Remembered());
    }

    private IEnumerable<string> Remembered() =>
        Directory.EnumerateFiles(_machine.PushFolder, "*.json").Select(path => Path.GetFileName(path).Replace("_rport_filepush.json", "", StringComparison.Ordinal)).Order();

    private UploadOrder Order(int number) => _machine.Order(_content, $"file-{number}", $"push-{number}");

    private Task<UploadResult> NextAsync() => _machine.NextReportAsync();
}
