namespace RPort.Protocol;

/// <summary>Names of the SSH global requests (RFC 4254 §4) and channel types that agent and gateway use.</summary>
public static class RequestNames
{
    /// <summary>Agent → gateway, first on a connection: <see cref="ConnectionRequest"/>. Reply: a JSON array of remotes or <c>null</c>; on refusal plain text.</summary>
    public const string NewConnection = "new_connection";
    /// <summary>Both ways: a sign of life; empty payload, empty reply.</summary>
    public const string Ping = "ping";
    /// <summary>Gateway → agent, no reply: <see cref="Capabilities"/>.</summary>
    public const string PutCapabilities = "put_capabilities";
    /// <summary>Gateway → agent: <see cref="UploadOrder"/>. Reply: <see cref="UploadResult"/>, or <see cref="UploadAccepted"/> with the feature <see cref="ProtocolFeatures.Push2"/>; on refusal plain text.</summary>
    public const string Upload = "upload";
    /// <summary>Agent → gateway (<see cref="ProtocolFeatures.Push2"/>): <see cref="UploadResult"/>. Success: durably recorded. Failure <see cref="UnknownUpload"/>: forget it as well.</summary>
    public const string UploadResult = "upload_result";
    /// <summary>Gateway → agent (<see cref="ProtocolFeatures.Push2"/>), no reply: <see cref="UploadCancel"/>.</summary>
    public const string UploadCancel = "upload_cancel";
    /// <summary>Agent → gateway (<see cref="ProtocolFeatures.Inventory2"/>), no reply: a whole <see cref="ConnectionRequest"/> whose slow facts are now known.</summary>
    public const string UpdateInventory = "update_inventory";
    /// <summary>Gateway → agent: <see cref="CommandJob"/>. Reply: <see cref="CommandStarted"/>; on refusal plain text.</summary>
    public const string RunCommand = "run_cmd";
    /// <summary>Agent → gateway, no reply: <see cref="CommandJob"/> with its result. Sent once, and perhaps before the reply to <see cref="RunCommand"/>.</summary>
    public const string CommandResult = "cmd_result";
    /// <summary>Gateway → agent: <see cref="PortQuestion"/>. Reply: <see cref="PortState"/>; a failure with plain text where it could not be tried.</summary>
    public const string CheckPort = "check_port";
    /// <summary>Gateway → agent: <see cref="TunnelQuestion"/>. Reply: <see cref="TunnelAllowance"/>.</summary>
    public const string CheckTunnelAllowed = "check_tunnel_allowed";
    /// <summary>Gateway → agent: refresh the state of operating system updates.</summary>
    public const string RefreshUpdatesStatus = "refresh_updates_status";
    /// <summary>Gateway → agent: <see cref="ClientMetadata"/>. Reply: <see cref="MetadataUpdated"/>; a failure with plain text where the agent has no attributes file.</summary>
    public const string UpdateClientMetadata = "update_client_metadata";
    /// <summary>
    /// Gateway → agent (<see cref="ProtocolFeatures.Handover"/>), no reply, empty payload: this gateway stops soon. The agent opens a session with another
    /// one, then leaves this one.
    /// </summary>
    public const string HandOver = "hand_over";
    /// <summary>Agent → gateway, no reply: a monitoring sample.</summary>
    public const string SaveMeasurement = "save_measurement";
    /// <summary>Agent → gateway, no reply: state of operating system updates.</summary>
    public const string UpdatesStatus = "updates_status";
    /// <summary>Agent → gateway, no reply: external addresses.</summary>
    public const string IpAddresses = "ip_addresses";

    /// <summary>Text of the failure reply to a request nobody knows.</summary>
    public const string UnknownRequest = "unknown request";
    /// <summary>Text of the failure reply to a result of a push that was never given, or was taken back.</summary>
    public const string UnknownUpload = "unknown upload";
    /// <summary>Text of the failure reply to a second <see cref="NewConnection"/> on one connection.</summary>
    public const string UnexpectedConnection = "unexpected connection request. please reconnect";

    /// <summary>The WebSocket sub-protocol; compared exactly.</summary>
    public const string WebSocketProtocol = "rport-v1";
    /// <summary>Channel type of the agent's file fetches (with subsystem <see cref="SftpSubsystem"/>).</summary>
    public const string SessionChannel = "session";
    /// <summary>
    /// Channel type of tunnels, opened by the gateway. Extra data: the bare text <c>host:port</c> (IPv6 in brackets), one channel per connection; or
    /// <c>host:port/udp</c>, one channel per tunnel.
    /// </summary>
    public const string TunnelChannel = "rport";
    /// <summary>The SFTP subsystem's name.</summary>
    public const string SftpSubsystem = "sftp";
    /// <summary>Text of the failed open of a tunnel channel whose target the agent's configuration does not allow.</summary>
    public const string TunnelNotAllowed = "not allowed with \"tunnel_allowed\" config";
}
