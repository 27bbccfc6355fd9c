using System.Threading.Channels;
using Orleans;
using RPort.Grains.Abstractions;

namespace RPort.Grains.Tests.Kit;

/// <summary>An agent's session in a gateway, as a client grain sees it.</summary>
internal sealed class TestAgent(TestSilo silo, string client, string process = "process-1") : ISessionObserver
{
    private readonly Channel<PushOrder> _orders = Channel.CreateUnbounded<PushOrder>();
    private readonly Channel<UploadId> _withdrawn = Channel.CreateUnbounded<UploadId>();
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ISessionObserver? _reference;

    public SessionId Session { get; } = SessionId.New();

    public SessionFence Fence { get; private set; }

    public IClientGrain Grain => silo.Client(client);

    /// <summary>The reason of the first close.</summary>
    public Task<string> Closed => _closed.Task;

    /// <summary>Completes when a sign of life is asked for.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Called instead of queueing, where set.</summary>
    public Action<PushOrder>? OnOrder { get; init; }

    /// <summary>Answers what is asked; null leaves the question open.</summary>
    public Func<SessionQuestion, SessionAnswer?>? OnQuestion { get; set; }

    public async Task<ConnectResult> ConnectAsync(ClientInventory? inventory = null)
    {
        _reference ??= silo.Grains.CreateObjectReference<ISessionObserver>(this);
        ConnectResult result = await Grain.ConnectAsync(
            new ConnectRequest(Session, process, new GatewayId("gateway"), "auth", "192.0.2.7", inventory ?? new ClientInventory { Name = $"name of {client}" }),
            _reference);
        Fence = result.Accepted ? result.Fence : Fence;
        return result;
    }

    public async Task<PushOrder> NextOrderAsync() => await _orders.Reader.ReadAsync().AsTask().Soon();

    public async Task<UploadId> NextWithdrawalAsync() => await _withdrawn.Reader.ReadAsync().AsTask().Soon();

    public Task<ReportOutcome> ReportAsync(PushOrder order, PushStatus status = PushStatus.Success, string message = "done") =>
        Grain.ReportAsync(Fence, new PushReport(order.Upload, status, message, order.Destination, order.Size, order.Attempt));

    public void Deliver(PushOrder order)
    {
        if (OnOrder is not null)
        {
            OnOrder(order);
        }
        else
        {
            _orders.Writer.TryWrite(order);
        }
    }

    public void Withdraw(UploadId upload, int attempt) => _withdrawn.Writer.TryWrite(upload);

    public void Ask(SessionQuestion question)
    {
        if (OnQuestion?.Invoke(question) is { } answer)
        {
            _ = Grain.AnswerAsync(Fence, question.Id, answer);
        }
    }

    public void ProveAlive() => _asked.TrySetResult();

    public void Close(string reason) => _closed.TrySetResult(reason);
}
