using System.Collections;
using System.Globalization;

namespace RPort.Gateway.Tunnels;

/// <summary>The ports that may be used: those of some ranges without those of others.</summary>
internal sealed class PortRanges
{
    private const int Ports = 65536;
    private readonly BitArray _allowed = new(Ports);

    public PortRanges(IEnumerable<(int First, int Last)> used, IEnumerable<(int First, int Last)> excluded)
    {
        foreach (((int first, int last), bool allowed) in used.Select(r => (r, true)).Concat(excluded.Select(r => (r, false))))
        {
            for (int port = first; port <= last; port++)
            {
                _allowed[port] = allowed;
            }
        }
    }

    public bool Allows(int port) => port is > 0 and < Ports && _allowed[port];

    /// <summary>Every allowed port once, upwards from a random one of them: whoever takes the first that is free need not look at the machine.</summary>
    public IEnumerable<int> FromRandom(Random random)
    {
        int[] all = [.. Enumerable.Range(1, Ports - 1).Where(Allows)];
        int start = all.Length == 0 ? 0 : random.Next(all.Length);
        return all.Skip(start).Concat(all.Take(start));
    }

    public static IEnumerable<(int First, int Last)> Parse(IEnumerable<string> ranges) =>
        ranges.Select(text => TryParse(text, out (int, int) range) ? range : throw new FormatException($"'{text}' is no port and no range of ports."));

    public static bool TryParse(string text, out (int First, int Last) range)
    {
        range = default;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryPort(dash < 0 ? text : text[..dash], out int first) || !TryPort(dash < 0 ? text : text[(dash + 1)..], out int last) || last < first)
        {
            return false;
        }

        range = (first, last);
        return true;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and < Ports;
}
