using System.Globalization;
using Microsoft.Extensions.Options;
using RPort.Gateway.Agents;

namespace RPort.Gateway.Operations;

/// <summary>
/// Warns at the start where the system gives this process fewer file descriptors than the agents it is configured for would take. Without them
/// connections are refused in the middle of a busy day, and nothing at the start would have told.
/// </summary>
internal sealed partial class DescriptorLimit(IOptions<AgentDoorOptions> door, ILogger<DescriptorLimit> logger) : IHostedService
{
    /// <summary>What is open beside agents: assemblies, the state and its log, some requests, some tunnels and their users.</summary>
    public const int Reserve = 2048;

    /// <summary>Linux tells it here; elsewhere there is nothing to read and nothing is said.</summary>
    private const string Limits = "/proc/self/limits";
    private const string Name = "Max open files";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        long needed = door.Value.MaxSessions + (long)Reserve;
        if (Read() is { } limit && limit < needed)
        {
            LogTooLow(logger, limit, needed, door.Value.MaxSessions, Reserve);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The soft limit in a text as Linux writes it; null where it has none, or is "unlimited".</summary>
    public static long? Parse(IEnumerable<string> limits)
    {
        string? line = limits.FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        string? soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }

    /// <summary>The soft limit of this process, where the system tells one.</summary>
    public static long? Read()
    {
        try
        {
            return File.Exists(Limits) ? Parse(File.ReadLines(Limits)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a warning that cannot be given must not cost the start
        }
    }

    [LoggerMessage(4070, LogLevel.Warning, "This process may open {Limit} files and sockets, but Agents:MaxSessions={MaxSessions} needs {Needed} ({Reserve} of them for everything else), and each tunnel connection one more. Raise LimitNOFILE (ulimit -n) or lower Agents:MaxSessions")]
    private static partial void LogTooLow(ILogger logger, long limit, long needed, int maxSessions, int reserve);
}
