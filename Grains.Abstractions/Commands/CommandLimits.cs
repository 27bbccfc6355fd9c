namespace RPort.Grains.Abstractions;

/// <summary>Bounds on what is kept of commands. Lengths are bytes of UTF-8; together they keep every call to a grain under 64 KiB.</summary>
public static class CommandLimits
{
    /// <summary>The most commands remembered of one client; older ones are forgotten.</summary>
    public const int MaxKept = 200;

    /// <summary>The longest command or script.</summary>
    public const int MaxCommandBytes = 48 * 1024;

    /// <summary>How much is kept of what a command wrote to its standard output.</summary>
    public const int MaxStdoutBytes = 40 * 1024;

    /// <summary>How much is kept of what a command wrote to its standard error.</summary>
    public const int MaxStderrBytes = 12 * 1024;

    /// <summary>How much is kept of an error text, and of a summary.</summary>
    public const int MaxTextBytes = 4 * 1024;

    /// <summary>The longest time an agent may be told to watch a command.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(7);

    /// <summary>
    /// How long after its own timeout a command may still be reported before it counts as <see cref="CommandStatus.Unknown"/>: agents may be busy
    /// with something else when they are told, and the result has its way to make.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);
}
