using System.Globalization;

namespace RPort.Load.Server;

/// <summary>Every agent takes a file descriptor here and one in the gateway.</summary>
internal static class DescriptorLimit
{
    private const int Others = 500;

    /// <exception cref="LoadException">The limit is too low.</exception>
    public static void Check(int agents, int perAgent)
    {
        long needed = ((long)agents * perAgent) + Others;
        string line = File.ReadLines("/proc/self/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string limit = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]; // the hard one: .NET raises the soft one to it
        if (limit != "unlimited" && long.Parse(limit, CultureInfo.InvariantCulture) < needed)
        {
            throw new LoadException($"{agents} agents need {needed} open files here and in the gateway; the limit is {limit}. Raise it first: ulimit -Hn {needed} (as root), or /etc/security/limits.conf.");
        }
    }
}
