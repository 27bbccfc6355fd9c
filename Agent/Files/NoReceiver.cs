using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>Takes nothing.</summary>
internal sealed class NoReceiver : IPushReceiver
{
    public UploadReply Accept(UploadOrder order) => UploadReply.Refuse(RequestNames.UnknownRequest);

    public Task<UploadResult> WaitForResultAsync(string id, CancellationToken cancellationToken) =>
        Task.FromResult(new UploadResult { Id = id, Status = UploadResult.Error, Message = RequestNames.UnknownRequest });

    public void Attach(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>>? report)
    {
    }

    public void Detach()
    {
    }

    public void Cancel(string id)
    {
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
}
