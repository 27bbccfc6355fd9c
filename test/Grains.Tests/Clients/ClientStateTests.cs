using RPort.Grains.Abstractions;
using RPort.Grains.Clients;
using RPort.Grains.Tests.Kit;
using RPort.Silo.Storage;

namespace RPort.Grains.Tests.Clients;

/// <summary>The rules of a client, without a host.</summary>
public sealed class ClientStateTests
{
    [Fact]
    public void A_push_is_kept_once_and_a_higher_attempt_replaces_it()
    {
        PushOrder order = Pushes.To("c").Order;
        ClientState state = Connected().Assign(order).Next;

        Assert.Same(state, state.Assign(order).Next);
        ClientState next = state.Assign(order with { Attempt = 1 }).Next;
        Assert.Equal(1, Assert.Single(next.Pending).Attempt);
        Assert.Same(next, next.Assign(order).Next);
        Assert.Same(next, next.Forget(order.Upload, 0));
        Assert.Empty(next.Forget(order.Upload, 1).Pending);
    }

    [Fact]
    public void Only_so_many_pushes_wait_for_a_client()
    {
        ClientState state = Connected();
        for (int i = 0; i < ClientLimits.MaxPendingPushes; i++)
        {
            state = state.Assign(Pushes.To("c").Order).Next;
        }

        Assert.Equal(AssignOutcome.Full, state.Assign(Pushes.To("c").Order).Outcome);
        Assert.Equal(AssignOutcome.UnknownClient, new ClientState().Assign(Pushes.To("c").Order).Outcome);
    }

    [Fact]
    public void Processes_without_an_id_are_never_the_same_process()
    {
        ClientState state = new ClientState().Connect(Request(SessionId.New(), ""), "observer", "run", Pushes.Noon);

        Assert.Equal(ConnectDecision.RefusedAsHeld, state.Judge(Request(SessionId.New(), ""), presentIsAlive: true));
        Assert.Equal(ConnectDecision.Accepted, state.Judge(Request(SessionId.New(), ""), presentIsAlive: false));
    }

    [Fact]
    public void Replaced_sessions_are_remembered_up_to_a_bound()
    {
        ClientState state = Connected();
        for (int i = 0; i < 3 * ClientState.MaxReplaced; i++)
        {
            state = state.Connect(Request(SessionId.New(), "p"), "observer", "run", Pushes.Noon);
        }

        Assert.Equal(ClientState.MaxReplaced, state.Replaced.Length);
        Assert.Equal(3 * ClientState.MaxReplaced + 1, state.Epoch);
    }

    [Fact]
    public void It_comes_back_from_storage_as_it_was()
    {
        var serializer = new GrainStateSerializer();
        ClientState state = Connected().Assign(Pushes.To("c").Order).Next with { AllowedUserGroups = ["ops"] };

        ClientState back = serializer.Deserialize<ClientState>(serializer.Serialize(state))!;

        Assert.Equal(state.Session, back.Session);
        Assert.Equal(state.Pending.ToArray(), back.Pending.ToArray());
        Assert.Equal(serializer.Serialize(state).ToString(), serializer.Serialize(back).ToString());
        Assert.False(serializer.Deserialize<ClientState>(new BinaryData("{}"))!.Exists);
    }

    private static ClientState Connected() => new ClientState().Connect(Request(SessionId.New(), "p"), "observer", "run", Pushes.Noon);

    private static ConnectRequest Request(SessionId session, string process) =>
        new(session, process, new GatewayId("g"), "auth", "192.0.2.7", new ClientInventory { Name = "n", FileReceptionEnabled = false, Tags = ["t"] });
}
