using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

/// <summary>Lost connections, restarts and crashes at every point of a push.</summary>
public sealed class InterruptedPushTests : IAsyncLifetime
{
    private const int Break = 2_500_000;

    private readonly Reception _machine = new();
    private readonly byte[] _content = Reception.Random(4_000_000);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task A_fetch_that_breaks_off_goes_on_where_it_stopped()
    {
        MemoryPayload source = new MemoryPayload(_content).BreakAt(Break).BreakAt(Break).BreakAt(Break + 1);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), source);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal([0, Break, Break, Break + 1], source.Offsets);
    }

    [Fact]
    public async Task A_fetch_that_breaks_off_without_an_end_fails()
    {
        MemoryPayload source = new MemoryPayload(_content).BreakAt(100).BreakAt(100).BreakAt(100).BreakAt(100);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), source);
        Assert.Equal(UploadResult.Error, result.Status);
        Assert.Equal("the download broke off after 100 bytes: the connection was lost", result.Message);
        Assert.Empty(_machine.Leftovers());
    }

    [Fact]
    public async Task After_a_reconnect_the_order_given_again_resumes_from_the_new_path()
    {
        MemoryPayload first = new(_content) { HoldAt = Break }, second = new(_content);
        FileReceiver receiver = _machine.Start(first);
        Assert.True(receiver.Accept(_machine.Order(_content)).Accepted);
        await first.Held.Task.WaitAsync(Reception.Patience);
        receiver.Detach();
        Assert.Equal(UploadRefusals.NotConnected, receiver.Accept(_machine.Order(_content)).Refusal);

        UploadResult result = await _machine.PushAsync(_machine.Order(_content) with { SourceFilePath = "/fresh" }, second, receiver);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal("/fresh", Assert.Single(second.Paths));
        Assert.InRange(Assert.Single(second.Offsets), Break - 64 * 1024, Break + 64 * 1024);
    }

    [Fact]
    public async Task After_a_restart_the_order_given_again_resumes()
    {
        MemoryPayload first = new(_content) { HoldAt = Break }, second = new(_content);
        using (FileReceiver receiver = new(_machine.Options, _machine.Data, TimeProvider.System, NullLogger.Instance))
        {
            // An earlier process of the same agent, stopped in good order.
            using CancellationTokenSource stop = new();
            Task running = receiver.RunAsync(stop.Token);
            receiver.Attach(first, (_, _) => Task.FromResult(true));
            Assert.True(receiver.Accept(_machine.Order(_content)).Accepted);
            await first.Held.Task.WaitAsync(Reception.Patience);
            await stop.CancelAsync();
            await running.WaitAsync(Reception.Patience);
        }

        Assert.True(File.Exists(Path.Join(_machine.PushFolder, "push-1_rport_filepush")));
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), second);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.InRange(Assert.Single(second.Offsets), Break - 64 * 1024, Break + 64 * 1024);
    }

    [Theory]
    [InlineData(1000)] // a part
    [InlineData(4_000_000)] // all of it
    public async Task A_damaged_part_from_before_is_fetched_anew_once(int length)
    {
        MemoryPayload first = new(_content) { HoldAt = 0 };
        FileReceiver receiver = _machine.Start(first);
        receiver.Accept(_machine.Order(_content));
        await first.Held.Task.WaitAsync(Reception.Patience);
        receiver.Detach();
        await receiver.WaitForResultAsync("push-1", CancellationToken.None);
        File.WriteAllBytes(Path.Join(_machine.PushFolder, "push-1_rport_filepush"), new byte[length]);

        MemoryPayload second = new(_content);
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), second, receiver);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal(length == _content.Length ? [0] : [length, 0], second.Offsets);
    }

    [Fact]
    public async Task A_damaged_part_and_wrong_content_end_in_an_error_not_in_a_loop()
    {
        MemoryPayload first = new(_content) { HoldAt = Break };
        FileReceiver receiver = _machine.Start(first);
        receiver.Accept(_machine.Order(_content));
        await first.Held.Task.WaitAsync(Reception.Patience);
        receiver.Detach();

        MemoryPayload second = new(Reception.Random(_content.Length, seed: 8));
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), second, receiver);
        Assert.StartsWith("sha256 check failed", result.Message, StringComparison.Ordinal);
        Assert.Equal(2, second.Fetches);
        Assert.Equal(0, second.Offsets[1]);
    }

    [Fact]
    public async Task A_part_of_other_content_under_the_same_id_is_not_continued()
    {
        MemoryPayload first = new(_content) { HoldAt = Break };
        FileReceiver receiver = _machine.Start(first);
        receiver.Accept(_machine.Order(_content));
        await first.Held.Task.WaitAsync(Reception.Patience);
        receiver.Detach();

        byte[] other = Reception.Random(_content.Length, seed: 9);
        MemoryPayload second = new(other);
        UploadResult result = await _machine.PushAsync(_machine.Order(other), second, receiver);
        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal([0], second.Offsets);
    }

    /// <summary>At each stage the process stops for good; the next one gets the order again, as a gateway does that has no result.</summary>
    [Theory]
    [InlineData(PushStage.Started, false, 1)]
    [InlineData(PushStage.Fetched, false, 0)]
    [InlineData(PushStage.Intended, false, 0)]
    [InlineData(PushStage.Placed, false, 0)]
    [InlineData(PushStage.Started, true, 1)]
    [InlineData(PushStage.Fetched, true, 0)]
    [InlineData(PushStage.Intended, true, 0)]
    [InlineData(PushStage.Placed, true, 0)]
    internal async Task A_killed_agent_finishes_the_push_when_it_is_back(PushStage stage, bool replace, int fetches)
    {
        if (replace) { File.WriteAllText(_machine.In("file.bin"), "old"); }
        UploadOrder order = _machine.Order(_content) with { ForceWrite = replace, DestinationFileMode = 0b110_100_000 };
        using Process process = ReceiverProcess.Start(_machine, order, _content, stopAt: stage.ToString());
        await ReceiverProcess.KillAtAsync(process, stage);
        bool placed = stage == PushStage.Placed;
        Assert.Equal(placed ? _content.Length : replace ? 3 : -1, File.Exists(_machine.In("file.bin")) ? new FileInfo(_machine.In("file.bin")).Length : -1);
        string before = placed ? await Identity() : "";

        MemoryPayload source = new(_content);
        UploadResult result = await _machine.PushAsync(order, source);

        Assert.Equal(UploadResult.Success, result.Status);
        Assert.Equal($"file successfully copied to destination {_machine.In("file.bin")}", result.Message);
        Assert.Equal(_content.Length, result.Size);
        Assert.Equal(_content, File.ReadAllBytes(_machine.In("file.bin")));
        Assert.Equal((UnixFileMode)0b110_100_000, Reception.Mode(_machine.In("file.bin")));
        Assert.Equal(fetches, source.Fetches);
        if (placed) { Assert.Equal(before, await Identity()); }
        Assert.Empty(_machine.Leftovers());

        Task<string> Identity() => Reception.RunAsync("stat", "-c", "%i %y %z", _machine.In("file.bin"));
    }

    [Fact]
    public async Task A_result_that_was_not_reported_before_a_crash_is_reported_by_the_next_process()
    {
        _machine.Records = _ => false;
        UploadResult first = await _machine.PushAsync(_machine.Order(_content), _content);
        Assert.Equal(UploadResult.Success, first.Status);
        File.Delete(_machine.In("file.bin")); // to see that nothing is placed again

        TaskCompletionSource<UploadResult> reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FileReceiver next = _machine.Start();
        next.Attach(new MemoryPayload(_content), (result, _) => Task.FromResult(reported.TrySetResult(result)));
        UploadResult again = await reported.Task.WaitAsync(Reception.Patience);
        Assert.Equal(first, again);
        Assert.False(File.Exists(_machine.In("file.bin")));
    }

    [Fact]
    public async Task An_unreadable_journal_costs_nothing_but_what_it_held()
    {
        Directory.CreateDirectory(_machine.PushFolder);
        File.WriteAllText(Path.Join(_machine.PushFolder, "push-1_rport_filepush.json"), "{ half");
        File.WriteAllText(Path.Join(_machine.PushFolder, "push-2_rport_filepush.json"), "null");
        UploadResult result = await _machine.PushAsync(_machine.Order(_content), _content);
        Assert.Equal(UploadResult.Success, result.Status);
    }

    [Fact]
    public void Leftovers_that_nobody_came_back_for_are_swept_at_start()
    {
        Directory.CreateDirectory(_machine.PushFolder);
        string old = Path.Join(_machine.PushFolder, "old_rport_filepush"), young = Path.Join(_machine.PushFolder, "young_rport_filepush");
        string foreign = Path.Join(_machine.PushFolder, "foreign.txt"), unfinished = Path.Join(_machine.PushFolder, "x_rport_filepush.json.new");
        foreach (string path in new[] { old, young, foreign, unfinished })
        {
            File.WriteAllText(path, "x");
            if (path != young) { File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-8)); }
        }

        _machine.Start();
        Assert.Equal(new[] { foreign, young }.Order(), Directory.EnumerateFiles(_machine.PushFolder).Order());
    }
}
