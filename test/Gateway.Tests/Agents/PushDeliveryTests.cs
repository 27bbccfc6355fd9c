using RPort.Gateway.Agents.Pushes;
using RPort.Gateway.Agents.Registration;
using RPort.Gateway.Agents.Sessions;
using RPort.Gateway.Tests.Kit;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Agents;

/// <summary>Notices of the client grain may overtake one another: a session comes out right in any order, and these tests make it.</summary>
public sealed class PushDeliveryTests : IAsyncLifetime
{
    private static readonly ClientId Machine = new("machine");

    private GatewayUnderTest _gateway = null!;
    private ClientLink _link = null!;
    private PushDelivery _pushes = null!;
    private int _carriedOut;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _link = new ClientLink(_gateway.Environment, SessionId.New(), new GatewayId("here"), "127.0.0.1", new SilentSession());
        await _link.ConnectAsync(
            new AgentClaim(Machine, "process", GatewayUnderTest.AuthId, new ClientInventory { Name = "machine" }, []), CancellationToken.None);
        _pushes = new PushDelivery(_gateway.Environment);
    }

    public async Task DisposeAsync()
    {
        await _pushes.DisposeAsync();
        await _link.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task A_push_that_was_taken_back_before_it_came_is_not_carried_out()
    {
        PushOrder takenBack = await _gateway.PushAsync([1], Machine.Value);
        _pushes.Withdraw(takenBack.Upload, takenBack.Attempt);
        _pushes.Offer(takenBack);
        await CarryOutWithAnotherAsync();
        Assert.Equal(1, _carriedOut);
    }

    [Fact]
    public async Task A_push_that_was_taken_back_is_not_carried_out_when_an_older_answer_of_the_grain_offers_it_again()
    {
        PushOrder takenBack = await _gateway.PushAsync([1], Machine.Value);
        _pushes.Offer(takenBack);
        _pushes.Withdraw(takenBack.Upload, takenBack.Attempt);
        _pushes.Offer([takenBack]);
        await CarryOutWithAnotherAsync();
        Assert.Equal(1, _carriedOut);
    }

    [Fact]
    public async Task The_end_of_an_older_attempt_leaves_the_newer_one()
    {
        PushOrder push = await _gateway.PushAsync([1], Machine.Value);
        PushOrder retried = push with { Attempt = push.Attempt + 1 };
        _pushes.Withdraw(push.Upload, push.Attempt);
        _pushes.Offer(retried);
        _pushes.Withdraw(push.Upload, push.Attempt);
        _pushes.Offer(push);
        await CarryOutWithAnotherAsync();
        Assert.Equal(2, _carriedOut);
    }

    /// <summary>Has all that was offered carried out, and one more after it, by an agent that takes no files: its gateway says so, one push after the other.</summary>
    private async Task CarryOutWithAnotherAsync()
    {
        PushOrder another = await _gateway.PushAsync([2], Machine.Value);
        _pushes.Offer(another);
        _pushes.Start(new PushRun(_gateway.Environment, _link, null!, Machine, push2: false, () =>
        {
            Interlocked.Increment(ref _carriedOut);
            return false;
        }));
        await _gateway.FinishedAsync(another, Machine.Value);
    }
}
