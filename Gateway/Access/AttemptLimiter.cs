using System.Net;
using System.Net.Sockets;

namespace RPort.Gateway.Access;

/// <summary>
/// Counts failed log-ins per user name and per address. IPv6 addresses count by their /64, which is what one caller gets to choose from.
/// Thread-safe. Memory is bounded: when the tables are full the entries that end first give way.
/// </summary>
internal sealed class AttemptLimiter(AttemptLimits limits, TimeProvider clock)
{
    /// <summary>Entries per table: some megabytes at the most, and far more than an attacker without a botnet can fill.</summary>
    private const int MaxEntries = 50_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _waitingUsers = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, Failures> _addresses = [];

    /// <summary>True while the address is banned.</summary>
    public bool IsBanned(IPAddress address)
    {
        lock (_gate)
        {
            return _addresses.TryGetValue(Group(address), out Failures failures) && failures.BannedUntil > clock.GetUtcNow();
        }
    }

    /// <summary>True while the user name has to wait after a failure. Ask before looking at the password.</summary>
    public bool MustWait(string user)
    {
        lock (_gate)
        {
            return _waitingUsers.TryGetValue(user, out DateTimeOffset until) && until > clock.GetUtcNow();
        }
    }

    /// <summary>A log-in failed. True where this failure banned the address.</summary>
    public bool Failed(string user, IPAddress address)
    {
        DateTimeOffset now = clock.GetUtcNow();
        IPAddress group = Group(address);
        lock (_gate)
        {
            if (limits.UserWait > TimeSpan.Zero)
            {
                MakeRoom(_waitingUsers, until => until, now);
                _waitingUsers[user] = now + limits.UserWait;
            }

            if (limits.MaxFailures == 0)
            {
                return false;
            }

            // A count older than the ban would have lasted is forgotten: two mistakes a week are no attack.
            int count = _addresses.TryGetValue(group, out Failures known) && known.ForgetAt > now ? known.Count + 1 : 1;
            bool banned = count >= limits.MaxFailures;
            MakeRoom(_addresses, f => f.ForgetAt, now);
            _addresses[group] = new Failures(banned ? 0 : count, banned ? now + limits.BanTime : DateTimeOffset.MinValue, now + limits.BanTime);
            return banned;
        }
    }

    /// <summary>A log-in succeeded: the address starts from zero.</summary>
    public void Succeeded(IPAddress address)
    {
        lock (_gate)
        {
            IPAddress group = Group(address);
            if (_addresses.TryGetValue(group, out Failures failures) && failures.BannedUntil <= clock.GetUtcNow())
            {
                _addresses.Remove(group);
            }
        }
    }

    private static void MakeRoom<TKey, TValue>(Dictionary<TKey, TValue> table, Func<TValue, DateTimeOffset> end, DateTimeOffset now)
        where TKey : notnull
    {
        if (table.Count < MaxEntries)
        {
            return;
        }

        foreach ((TKey key, TValue value) in table)
        {
            if (end(value) <= now)
            {
                table.Remove(key);
            }
        }

        if (table.Count >= MaxEntries)
        {
            // Full of live entries: a tenth goes at once, so that this sort is rare.
            foreach ((TKey key, _) in table.OrderBy(entry => end(entry.Value)).Take(MaxEntries / 10).ToArray())
            {
                table.Remove(key);
            }
        }
    }

    private static IPAddress Group(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    private readonly record struct Failures(int Count, DateTimeOffset BannedUntil, DateTimeOffset ForgetAt);
}
