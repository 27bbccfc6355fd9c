namespace RPort.Agent.Files;

/// <summary>What this machine lets the gateway do with files. Bound from <c>FileReception</c>.</summary>
internal sealed class FileReceptionOptions
{
    public const string Section = "FileReception";

    private static readonly string[] UnixDefaults = ["/bin", "/sbin", "/boot", "/usr/bin", "/usr/sbin", "/dev", "/lib*", "/run"];
    private static readonly string[] WindowsDefaults = [@"C:\Windows\", @"C:\ProgramData"];

    /// <summary>Off: every push is refused.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Globs (<c>*</c>, <c>?</c>, <c>[a-z]</c>; none crosses a separator) of files and folders no push may write to; a folder stands for all below it as well.
    /// Setting the list replaces the default one, it does not add to it. The agent's own data folder and <see cref="ConfigFile"/> are protected besides.
    /// </summary>
    public IReadOnlyList<string> Protected { get; set; } = OperatingSystem.IsWindows() ? WindowsDefaults : UnixDefaults;

    /// <summary>The agent's configuration file, which no push may replace; set by the host, not read from configuration.</summary>
    public string? ConfigFile { get; set; }

    /// <summary>Pushes worked on at one time.</summary>
    public int MaxConcurrent { get; set; } = 4;

    /// <summary>Pushes waiting for their turn before new ones are refused with <see cref="UploadReply.BusyText"/>.</summary>
    public int MaxQueued { get; set; } = 256;

    /// <summary>
    /// Unix, agent not root: where chown or the move into place is not permitted, try <c>sudo -n chown owner:group file</c> and <c>sudo -n mv file destination</c>.
    /// They name only files in the agent's <c>filepush</c> folder, so two sudoers rules are enough:
    /// <c>/usr/bin/chown * DATADIR/filepush/*_rport_filepush</c> and <c>/usr/bin/mv DATADIR/filepush/*_rport_filepush *</c>.
    /// Such a move is atomic on one file system only: across two, mv itself copies.
    /// </summary>
    public bool AllowSudo { get; set; } = true;

    /// <summary>How long the result of a push is remembered after the gateway has recorded it, so that a late repetition of the order is answered and not done again.</summary>
    public TimeSpan ResultRetention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Results remembered at most; the oldest go first.</summary>
    public int MaxResults { get; set; } = 10_000;

    /// <summary>Age at which partial downloads and leftovers of pushes that never came again are removed at start.</summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromDays(7);
}
