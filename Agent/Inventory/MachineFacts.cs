namespace RPort.Agent.Inventory;

/// <summary>What is known of the machine. Empty where unknown.</summary>
internal sealed record MachineFacts
{
    public string Hostname { get; init; } = "";

    /// <summary>The operating system in one line, as <c>uname -a</c> prints it.</summary>
    public string Os { get; init; } = "";

    /// <summary>Such as <c>Debian 12.11</c>.</summary>
    public string OsFullName { get; init; } = "";

    public string OsVersion { get; init; } = "";

    /// <summary>Such as <c>debian</c>, also for its descendants.</summary>
    public string OsFamily { get; init; } = "";

    /// <summary><c>linux</c>, <c>windows</c>, <c>darwin</c>.</summary>
    public string OsKernel { get; init; } = "";

    /// <summary>Such as <c>amd64</c>.</summary>
    public string OsArch { get; init; } = "";

    public Virtualization Virtualization { get; init; } = Virtualization.None;

    public string CpuFamily { get; init; } = "";

    public string CpuModel { get; init; } = "";

    public string CpuModelName { get; init; } = "";

    public string CpuVendor { get; init; } = "";

    public int Cpus { get; init; }

    /// <summary>Bytes.</summary>
    public long MemoryTotal { get; init; }

    /// <summary>Such as <c>CET (UTC+01:00)</c>.</summary>
    public string Timezone { get; init; } = "";

    public IReadOnlyList<string> IPv4 { get; init; } = [];

    public IReadOnlyList<string> IPv6 { get; init; } = [];
}

/// <summary>Which system virtualises the machine (<c>KVM</c>), and whether the machine is its <c>guest</c> or <c>host</c>.</summary>
internal sealed record Virtualization(string System, string Role)
{
    public static Virtualization None { get; } = new("", "");
}
