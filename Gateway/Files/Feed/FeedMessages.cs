using System.Text.Json;
using RPort.Gateway.Json;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Files.Feed;

/// <summary>One end of a push at one client, as listeners get it.</summary>
internal sealed record FeedResult(string ClientId, string Uuid, string Filepath, long Size, string Message, string Status);

/// <summary>How far one client has come; only for listeners that asked.</summary>
internal sealed record FeedProgress(string ClientId, string Uuid, string Status, long Bytes, long TotalBytes);

/// <summary>Writes events as text frames: JSON and a line feed.</summary>
internal static class FeedMessages
{
    /// <summary>Events may have been missed; only for listeners that asked for progress.</summary>
    public static readonly byte[] Gap = "{\"status\":\"gap\"}\n"u8.ToArray();

    public static byte[] Write(UploadEvent uploadEvent, UploadTargetView target) => uploadEvent.Kind == UploadEventKind.Progress
        ? Line(new FeedProgress(target.Client.Value, uploadEvent.Upload.Value, "progress", target.Bytes, uploadEvent.TotalBytes))
        : Line(new FeedResult(target.Client.Value, uploadEvent.Upload.Value, target.FilePath, target.Size, target.Message, FileClientView.StatusText(target.Status)));

    private static byte[] Line<T>(T message)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, GatewayJson.Options);
        Array.Resize(ref json, json.Length + 1);
        json[^1] = (byte)'\n';
        return json;
    }
}
