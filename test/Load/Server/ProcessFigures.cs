using System.Globalization;

namespace RPort.Load.Server;

/// <summary>What a process has used, as Linux tells it.</summary>
/// <param name="Cpu">User and system time.</param>
/// <param name="ResidentBytes">Memory in use now.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Threads">Threads.</param>
internal readonly record struct ProcessFigures(TimeSpan Cpu, long ResidentBytes, int Handles, int Threads)
{
    // USER_HZ: the same on every architecture .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Zeros for process 0, which stands for an unknown one.</summary>
    public static ProcessFigures Of(int process)
    {
        if (process == 0)
        {
            return default;
        }

        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name before it may hold anything
        double ticks = double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);
        return new ProcessFigures(TimeSpan.FromSeconds(ticks / TicksPerSecond), Resident(process), Directory.GetFileSystemEntries($"/proc/{process}/fd").Length, int.Parse(fields[17], CultureInfo.InvariantCulture));
    }

    private static long Resident(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
