using System.Text.Json.Nodes;

namespace RPort.EndToEnd.Kit;

/// <summary>Gateway configurations of these tests.</summary>
internal static class Settings
{
    /// <summary>Files far over the default limit of 10 MiB.</summary>
    public static JsonObject LargeFiles() => new() { ["Files"] = new JsonObject { ["MaxFilePushSize"] = 4L << 30 } };
}
