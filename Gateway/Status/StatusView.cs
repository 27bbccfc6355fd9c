namespace RPort.Gateway.Status;

/// <summary>The server as <c>GET /status</c> shows it.</summary>
internal sealed record StatusView
{
    public AuditLogView Auditlog { get; init; } = new(false, "");
    public bool AuthHeader { get; init; }
    public bool CaddyIntegrationEnabled { get; init; }
    public string ClientsAuthMode { get; init; } = "Read Only";
    public required string ClientsAuthSource { get; init; }
    public required int ClientsConnected { get; init; }
    public required int ClientsDisconnected { get; init; }
    public required IReadOnlyList<string> ConnectUrl { get; init; }
    public IReadOnlyList<string> ExcludedPorts { get; init; } = [];
    /// <summary>MD5 form, as existing agents pin it.</summary>
    public required string Fingerprint { get; init; }
    /// <summary>SHA-256 form, which agents should pin.</summary>
    public required string FingerprintSha256 { get; init; }
    public bool GroupPermissionsEnabled { get; init; }
    public bool MonitoringEnabled { get; init; }
    public required string PairingUrl { get; init; }
    public int PasswordMinLength { get; init; } = 14;
    public string TunnelHost { get; init; } = "";
    public bool TunnelProxyEnabled { get; init; }
    public string TwoFaDeliveryMethod { get; init; } = "";
    public bool TwoFaEnabled { get; init; }
    public IReadOnlyList<string> UsedPorts { get; init; } = [];
    public string UsersAuthSource { get; init; } = "Static Credentials";
    public required string Version { get; init; }
}

/// <summary>Whether operators' doings are recorded.</summary>
internal sealed record AuditLogView(bool Enabled, string Rotation);
