namespace RPort.Protocol;

/// <summary>
/// What our ends can do beyond the base protocol. The agent announces its list in <see cref="ConnectionRequest.Features"/>, the gateway in
/// <see cref="Capabilities.Features"/>; a feature is used only when both named it. Existing agents name none.
/// </summary>
public static class ProtocolFeatures
{
    /// <summary>Pushes beside each other, with results of their own, resume, cancel and SHA-256: see <see cref="RequestNames.UploadResult"/>.</summary>
    public const string Push2 = "push2";
    /// <summary>Inventory sent at once and completed later: see <see cref="RequestNames.UpdateInventory"/>.</summary>
    public const string Inventory2 = "inventory2";
    /// <summary>
    /// Tunnel channels that keep half-close: EOF ends one direction only, CLOSE without an EOF before it is a reset, and a target that can not be
    /// reached is a failed channel open with the reason as its text. Existing agents confirm every open and close both directions at the first end.
    /// </summary>
    public const string Tunnel2 = "tunnel2";
    /// <summary>The agent leaves a gateway that stops only once another one has taken it: see <see cref="RequestNames.HandOver"/>.</summary>
    public const string Handover = "handover1";
}
