namespace RPort.Agent.Configuration;

/// <summary>What the agent does with files pushed to it. Section <c>FileReception</c>.</summary>
internal sealed class FileReceptionOptions
{
    /// <summary>Takes pushed files at all.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Folders, as globs, into which and below which nothing is placed. Setting the list replaces the defaults.</summary>
    public IReadOnlyList<string> Protected { get; set; } = DefaultProtected();

    /// <summary>Files fetched at one time. Further orders wait.</summary>
    public int MaxConcurrent { get; set; } = 2;

    /// <summary>Orders that may wait. One more is refused.</summary>
    public int MaxPending { get; set; } = 256;

    /// <summary>Runs <c>sudo -n</c> with <c>chown</c> and <c>mv</c> where the agent's own rights do not suffice. What is allowed there is up to sudoers.</summary>
    public bool AllowSudo { get; set; } = true;

    private static string[] DefaultProtected() => OperatingSystem.IsWindows()
        ? [@"C:\Windows", @"C:\ProgramData"]
        : ["/bin", "/sbin", "/boot", "/usr/bin", "/usr/sbin", "/dev", "/lib*", "/run"];
}
