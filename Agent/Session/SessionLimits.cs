namespace RPort.Agent.Session;

/// <summary>Waits of a session that nobody needs to configure.</summary>
internal static class SessionLimits
{
    /// <summary>For the gateway to say what it can do after it took the registration. Afterwards it counts as one of the base protocol.</summary>
    public static readonly TimeSpan CapabilitiesWait = TimeSpan.FromSeconds(15);

    /// <summary>For the answer to one report of a push. The gateway writes to its storage before it answers.</summary>
    public static readonly TimeSpan ReportWait = TimeSpan.FromSeconds(60);
}
