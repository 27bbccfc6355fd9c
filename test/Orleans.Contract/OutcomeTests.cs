namespace RPort.Contract;

[Collection(SiloCollection.Name)]
public sealed class OutcomeTests(SharedSilo shared)
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private TestSilo Silo => shared.Silo;

    private IOutcomeGrain Grain => Silo.Grains.GetGrain<IOutcomeGrain>(_key);

    [Fact]
    public async Task An_exception_crosses_the_call_with_type_message_and_stack()
    {
        InvalidDataException failure =
            await Assert.ThrowsAsync<InvalidDataException>(() => Grain.ThrowAsync("as thrown").WaitAsync(Journal.Patience));
        Assert.Equal("as thrown", failure.Message);
        Assert.Contains(nameof(OutcomeGrain), failure.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_before_the_first_await_crosses_too()
    {
        Task call = Grain.ThrowBeforeTheTaskAsync(); // does not throw here
        await Assert.ThrowsAsync<InvalidDataException>(() => call.WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task A_grain_lives_on_after_an_exception()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Grain.ThrowAsync("x").WaitAsync(Journal.Patience));
        Assert.Equal(4, await Grain.ValueAsync(4));
    }

    [Fact]
    public async Task A_cancelled_task_is_a_cancellation_for_the_caller() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.CancelItselfAsync().WaitAsync(Journal.Patience));

    [Fact]
    public async Task Value_tasks_work_as_tasks_do()
    {
        Assert.Equal(5, await Grain.ValueAsync(5));
        await Grain.NothingAsync();
        Assert.Equal(["nothing"], Silo.Journal.Read(_key));
    }

    [Fact]
    public async Task Messages_arrive_as_sent()
    {
        var pebble = new Pebble("p", [1, 2, 3], DateTimeOffset.UnixEpoch) { Id = Guid.NewGuid() };
        Pebble? echo = await Grain.EchoAsync(pebble).WaitAsync(Journal.Patience);
        Assert.Equal(pebble with { Marks = echo!.Marks }, echo);
        Assert.Equal(new[] { 1, 2, 3 }, echo.Marks.ToArray());
        Assert.Null(await Grain.EchoAsync(null).WaitAsync(Journal.Patience));
    }

    [Fact]
    public async Task References_can_be_sent()
    {
        IOutcomeGrain other = Silo.Grains.GetGrain<IOutcomeGrain>(_key + "-other");
        IOutcomeGrain back = await Grain.SelfAsync(other).WaitAsync(Journal.Patience);
        Assert.Equal(_key + "-other", back.GetPrimaryKeyString());
        Assert.Equal(1, await back.ValueAsync(1));
    }

    [Fact]
    public async Task Nobody_waits_for_a_one_way_call()
    {
        await Grain.ForgetMeAsync("first", thenThrow: true).WaitAsync(Journal.Patience);
        await Grain.ForgetMeAsync("second", thenThrow: false).WaitAsync(Journal.Patience);
        Assert.Empty(Silo.Journal.Read(_key));
        Silo.Journal.Open(_key);
        await Silo.Journal.WaitForAsync(_key, "first");
        await Silo.Journal.WaitForAsync(_key, "second");
        Assert.Equal(["first", "second"], Silo.Journal.Read(_key).Order()); // which of them comes first is not promised
    }

    [Fact]
    public async Task A_callers_cancellation_reaches_the_grain()
    {
        using var cancel = new CancellationTokenSource();
        Task call = Grain.WaitForCancelAsync(cancel.Token);
        await Silo.Journal.WaitForAsync(_key, "waits");
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Journal.Patience));
        await Silo.Journal.WaitForAsync(_key, "cancelled");
    }

    [Fact]
    public async Task A_cancellation_goes_from_grain_to_grain()
    {
        using var cancel = new CancellationTokenSource();
        Task<bool> call = Grain.PassTokenOnAsync(_key + "-other", cancel.Token);
        await Silo.Journal.WaitForAsync(_key + "-other", "waits");
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Journal.Patience));
        await Silo.Journal.WaitForAsync(_key + "-other", "cancelled");
    }

    [Fact]
    public async Task A_call_with_a_token_that_has_fired_is_not_made()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Grain.WaitForCancelAsync(new CancellationToken(canceled: true)).WaitAsync(Journal.Patience));
        await Grain.NothingAsync();
        Assert.Equal(["nothing"], Silo.Journal.Read(_key));
    }
}
