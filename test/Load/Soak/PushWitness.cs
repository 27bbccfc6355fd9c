using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Load.Soak;

/// <summary>
/// Stands before an agent's file receiver: gives it a folder of its own, as all agents share one machine here, and takes down what it says. Files
/// go once their result is recorded.
/// </summary>
internal sealed class PushWitness(IPushReceiver receiver, string agent, string folder, PushLedger ledger) : IPushReceiver
{
    public UploadReply Accept(UploadOrder order) => receiver.Accept(order with { DestinationPath = folder + order.DestinationPath });

    public Task<UploadResult> WaitForResultAsync(string id, CancellationToken cancellationToken) => receiver.WaitForResultAsync(id, cancellationToken);

    public void Attach(IPayloadSource source, Func<UploadResult, CancellationToken, Task<bool>>? report) =>
        receiver.Attach(source, report is null ? null : (result, token) => ReportAsync(report, result, token));

    public void Detach() => receiver.Detach();

    public void Cancel(string id) => receiver.Cancel(id);

    public Task RunAsync(CancellationToken cancellationToken) => receiver.RunAsync(cancellationToken);

    private async Task<bool> ReportAsync(Func<UploadResult, CancellationToken, Task<bool>> report, UploadResult result, CancellationToken cancellationToken)
    {
        await ledger.WriteAsync(agent, result);
        bool recorded = await report(result, cancellationToken);
        if (recorded && result.Status == UploadResult.Success && !result.FilePath.StartsWith(folder + PlannedPush.Kept, StringComparison.Ordinal))
        {
            File.Delete(result.FilePath);
        }

        return recorded;
    }
}
