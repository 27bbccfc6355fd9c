using System.Collections.Immutable;
using RPort.Grains.Abstractions;
using RPort.Grains.Tests.Kit;
using RPort.Grains.Uploads;

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
            _failures.Add);
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
    public async Task A_call_that_fails_does_not_stop_those_after_it()
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
            _failures.Add);
        outbox.Add(Event(UploadEventKind.Result, 1));
        await outbox.Sending.Soon();
        outbox.Add(Event(UploadEventKind.Result, 2));
        await outbox.Sending.Soon();

        Assert.Equal(2, _calls.Count);
        Assert.IsType<TimeoutException>(Assert.Single(_failures));
    }

    private static UploadEvent Event(UploadEventKind kind, long number) => new(kind, new UploadId("u"), "admin", null, number);
}
