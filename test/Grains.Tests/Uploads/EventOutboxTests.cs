using System.Collections.Immutable;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;
using RPort.Testing;

namespace RPort.Grains.Tests.Uploads;

public sealed class EventOutboxTests
{
    private readonly List<ImmutableArray<UploadEvent>> _calls = [];
    private readonly List<Exception> _failures = [];

    [Fact]
    public async Task Results_go_in_order_and_progress_gives_way_when_too_much_waits()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var outbox = new EventOutbox(
            async events =>
            {
                await gate.Task;
                _calls.Add(events);
            },
            _failures.Add,
            TimeProvider.System);
        for (int i = 0; i < 3_000; i++)
        {
            outbox.Add(Event(UploadEventKind.Result, i));
        }

        outbox.Add(Event(UploadEventKind.Progress, -1));
        gate.SetResult();
        await outbox.Sending.Soon();

        Assert.Equal(Enumerable.Range(0, 3_000).Select(i => (long)i), _calls.SelectMany(call => call).Select(e => e.TotalBytes));
        Assert.True(_calls.Count < 100);
    }

    [Fact]
    public async Task A_call_that_fails_is_made_again_and_nothing_is_lost()
    {
        bool first = true;
        var outbox = new EventOutbox(
            events =>
            {
                _calls.Add(events);
                Task answer = first ? Task.FromException(new TimeoutException()) : Task.CompletedTask;
                first = false;
                return answer;
            },
            _failures.Add,
            TimeProvider.System);
        outbox.Add(Event(UploadEventKind.Result, 1));
        await outbox.Sending.Soon();
        outbox.Add(Event(UploadEventKind.Result, 2));
        await outbox.Sending.Soon();

        Assert.Equal([1, 1, 2], _calls.Select(call => Assert.Single(call).TotalBytes));
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task Events_that_no_try_could_pass_on_are_given_up_and_those_after_them_are_passed_on()
    {
        ManualTime time = new();
        int tries = 0;
        var outbox = new EventOutbox(
            events =>
            {
                tries++;
                _calls.Add(events);
                return tries > EventOutbox.MaxTries ? Task.CompletedTask : Task.FromException(new TimeoutException());
            },
            _failures.Add,
            time);
        outbox.Add(Event(UploadEventKind.Result, 1));
        while (tries < EventOutbox.MaxTries)
        {
            await Task.Yield();
            time.Advance(TimeSpan.FromSeconds(60));
        }

        await outbox.Sending.Soon();
        Assert.IsType<TimeoutException>(Assert.Single(_failures));
        outbox.Add(Event(UploadEventKind.Result, 2));
        await outbox.Sending.Soon();
        Assert.Equal(2, Assert.Single(_calls[^1]).TotalBytes);
    }

    private static UploadEvent Event(UploadEventKind kind, long number) => new(kind, new UploadId("u"), "admin", null, number);
}
