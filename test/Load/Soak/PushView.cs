using System.Text.Json.Nodes;

namespace RPort.Load.Soak;

/// <summary>A push as the server tells it.</summary>
internal sealed record PushView(string Sha256, long Size, IReadOnlyList<PushTargetView> Targets)
{
    public const string Pending = "pending";

    public bool IsOver => Targets.All(static target => target.Status != Pending);

    public static PushView From(JsonNode data) => new(
        (string)data["sha256"]!,
        (long)data["size"]!,
        [.. data["clients"]!.AsArray().Select(static client => new PushTargetView(
            (string)client!["client_id"]!, (string)client["status"]!, (string)client["message"]!, (string)client["filepath"]!, (long)client["size"]!))]);
}

/// <summary>One client of a push.</summary>
internal sealed record PushTargetView(string Client, string Status, string Message, string Path, long Size);
