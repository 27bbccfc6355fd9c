namespace RPort.Gateway.Access;

/// <summary>Body of <c>POST /login</c>. A new password is understood and not needed: passwords do not expire.</summary>
internal sealed record LoginRequest(string? Username = null, string? Password = null, string? NewPassword = null);

/// <summary>A token; <c>two_fa</c> is null where the token is complete.</summary>
internal sealed record LoginView(string Token, object? TwoFa);

/// <summary>The user of a call.</summary>
internal sealed record MeView(
    string Username,
    bool PasswordExpired,
    IReadOnlyList<string> Groups,
    string TwoFaSendTo,
    PermissionsView EffectiveUserPermissions,
    ExtendedPermissionsView EffectiveExtendedPermissions,
    bool GroupPermissionsEnabled);

/// <summary>What a user may do.</summary>
internal sealed record PermissionsView(
    bool Auditlog, bool Commands, bool Monitoring, bool Scheduler, bool Scripts, bool Tunnels, bool Uploads, bool Vault);

/// <summary>Limits within a permission; null for none.</summary>
internal sealed record ExtendedPermissionsView(IReadOnlyList<string>? TunnelsRestricted, IReadOnlyList<string>? CommandsRestricted);

/// <summary>Where a call comes from.</summary>
internal sealed record MyAddressView(string Ip);
