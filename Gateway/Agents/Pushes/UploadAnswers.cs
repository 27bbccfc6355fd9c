using System.Text;
using RPort.Grains.Abstractions;
using RPort.Protocol;
using RPort.Ssh;

namespace RPort.Gateway.Agents.Pushes;

/// <summary>Puts orders into words for agents, and makes reports of what agents answer.</summary>
internal static class UploadAnswers
{
    private const string NoUploads = "client doesn't support uploads, please upgrade client to the latest version to make it work";
    private const int MaxMessage = 4096;

    /// <summary>The order as an agent reads it; existing agents get only the fields they know.</summary>
    public static byte[] WriteOrder(PushOrder order, string path, bool push2) => ProtocolJson.Write(
        new UploadOrder
        {
            Id = order.Upload.Value,
            SourceFilePath = path,
            DestinationPath = order.Destination,
            DestinationFileMode = order.Mode ?? 0,
            DestinationFileOwner = order.Owner,
            DestinationFileGroup = order.Group,
            ForceWrite = order.Force,
            Sync = order.Sync,
            Md5Checksum = order.Md5,
            Sha256Checksum = push2 ? order.Sha256 : null,
            Size = push2 ? order.Size : null,
            LenientOwnership = push2 ? order.LenientOwnership : null,
            Attempt = push2 ? order.Attempt : null,
        },
        ProtocolJson.Default.UploadOrder);

    /// <summary>True where the agent cannot take the order now, but may take the same one later.</summary>
    public static bool IsPassingRefusal(SshReply reply) => !reply.Success && UploadRefusals.IsPassing(Encoding.UTF8.GetString(reply.Payload.Span));

    /// <summary>The report in the reply to an order; null where the agent has accepted and the report will follow.</summary>
    public static PushReport? ReadReply(PushOrder order, SshReply reply)
    {
        if (!reply.Success)
        {
            string text = Clean(Encoding.UTF8.GetString(reply.Payload.Span));
            return Failure(order, text.Contains(RequestNames.UnknownRequest, StringComparison.Ordinal) ? NoUploads : "client error: " + text);
        }

        if (ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.UploadAccepted) is { Accepted: true })
        {
            return null;
        }

        return ProtocolJson.TryRead(reply.Payload, ProtocolJson.Default.UploadResult) is { } result && TryReport(order.Upload, order.Attempt, result) is { } report
            ? report
            : Failure(order, "client error: the agent's answer cannot be understood");
    }

    /// <summary>The report in an agent's result; null where it makes no sense.</summary>
    public static PushReport? TryReport(UploadId upload, int attempt, UploadResult result)
    {
        PushStatus? status = result.Status switch
        {
            UploadResult.Success => PushStatus.Success,
            UploadResult.Ignored => PushStatus.Ignored,
            UploadResult.Error => PushStatus.Error,
            _ => null,
        };
        if (status is null || result.Size < 0)
        {
            return null;
        }

        bool failed = status == PushStatus.Error;
        return new PushReport(upload, status.Value, Clean(result.Message), failed ? "" : Clean(result.FilePath), failed ? 0 : result.Size, attempt);
    }

    /// <summary>A push that failed without an agent's say.</summary>
    public static PushReport Failure(PushOrder order, string message) => new(order.Upload, PushStatus.Error, message, "", 0, order.Attempt);

    private static string Clean(string? text)
    {
        string cut = text is null ? "" : text.Length <= MaxMessage ? text : text[..MaxMessage];
        return cut.Any(char.IsControl) ? string.Concat(cut.Select(static c => char.IsControl(c) ? ' ' : c)) : cut;
    }
}
