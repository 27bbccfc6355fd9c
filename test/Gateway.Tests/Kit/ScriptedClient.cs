using System.Threading.Channels;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Tests.Kit;

/// <summary>A client as its grain knows it: connected by a session of this test, which gets the orders and reports what the test says.</summary>
internal sealed class ScriptedClient : ISessionObserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Channel<PushOrder> _orders = Channel.CreateUnbounded<PushOrder>();
    private readonly IClientGrain _grain;
    private SessionFence _fence;

    private ScriptedClient(ClientId id, IClientGrain grain)
    {
        Id = id;
        _grain = grain;
    }

    public ClientId Id { get; }

    /// <summary>Answers what is asked; null leaves the question open.</summary>
    public Func<SessionQuestion, SessionAnswer?>? OnQuestion { get; set; }

    public static async Task<ScriptedClient> ConnectAsync(TestGateway gateway, string id, params string[] tags) =>
        await ConnectAsync(gateway, id, new ClientInventory { Name = $"name of {id}", Hostname = $"host-{id}", Tags = [.. tags] });

    public static async Task<ScriptedClient> ConnectAsync(TestGateway gateway, string id, ClientInventory inventory)
    {
        var client = new ScriptedClient(new ClientId(id), gateway.Grains.GetGrain<IClientGrain>(id));
        gateway.Keep(client);
        ISessionObserver self = gateway.Grains.CreateObjectReference<ISessionObserver>(client);
        ConnectResult result = await client._grain.ConnectAsync(
            new ConnectRequest(SessionId.New(), "process", GatewayId.New(), "credential", "192.0.2.7", inventory), self);
        Assert.True(result.Accepted);
        client._fence = result.Fence;
        return client;
    }

    public Task DisconnectAsync() => _grain.DisconnectAsync(_fence);

    /// <summary>Keeps a tunnel, as a session does that has its port.</summary>
    public Task<TunnelRecord?> AddTunnelAsync(TunnelSpec spec) => _grain.AddTunnelAsync(_fence, spec);

    public Task<PushOrder> OrderAsync() => _orders.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public Task ProgressAsync(PushOrder order, long bytes) => _grain.ProgressAsync(_fence, order.Upload, bytes);

    public async Task ReportAsync(PushOrder order, PushStatus status, string message)
    {
        bool done = status == PushStatus.Success;
        ReportOutcome outcome = await _grain.ReportAsync(
            _fence, new PushReport(order.Upload, status, message, done ? order.Destination : "", done ? order.Size : 0, order.Attempt));
        Assert.Equal(ReportOutcome.Recorded, outcome);
    }

    public void Deliver(PushOrder order) => _orders.Writer.TryWrite(order);

    public void Withdraw(UploadId upload, int attempt)
    {
    }

    public void Ask(SessionQuestion question)
    {
        if (OnQuestion?.Invoke(question) is { } answer)
        {
            _ = _grain.AnswerAsync(_fence, question.Id, answer);
        }
    }

    public void ProveAlive()
    {
    }

    public void Close(string reason)
    {
    }
}
