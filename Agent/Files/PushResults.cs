using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>Results in RPort's words.</summary>
internal static class PushResults
{
    public static UploadResult Placed(UploadOrder order, long size, IEnumerable<string> notes) => new()
    {
        Id = order.Id,
        Attempt = order.Attempt,
        Status = UploadResult.Success,
        FilePath = order.DestinationPath,
        Size = size,
        Message = string.Join('.', [.. notes, $"file successfully copied to destination {order.DestinationPath}"]),
    };

    public static UploadResult Mended(UploadOrder order, string what) => new()
    {
        Id = order.Id,
        Attempt = order.Attempt,
        Status = UploadResult.Success,
        FilePath = order.DestinationPath,
        Message = $"file {order.DestinationPath} has this content already, {what}",
    };

    public static UploadResult Ignored(UploadOrder order) => new()
    {
        Id = order.Id,
        Attempt = order.Attempt,
        Status = UploadResult.Ignored,
        FilePath = order.DestinationPath,
        Message = $"file {order.DestinationPath} already exists, should not be synched or overwritten with force",
    };

    public static UploadResult Failed(UploadOrder order, string why) => new() { Id = order.Id, Attempt = order.Attempt, Status = UploadResult.Error, Message = why };
}
