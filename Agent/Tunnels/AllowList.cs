using System.Net;

namespace RPort.Agent.Tunnels;

/// <summary>Where tunnels may lead. Without a rule: everywhere.</summary>
internal sealed class AllowList(IReadOnlyList<AllowRule> rules)
{
    public bool IsOpen => rules.Count == 0;

    /// <summary>From the configuration, which was checked before.</summary>
    public static AllowList Parse(IEnumerable<string> entries) => new([.. entries.Select(static entry => AllowRule.TryParse(entry, out AllowRule? rule)
        ? rule
        : throw new ArgumentException($"\"{entry}\" is no entry of an allow list.", nameof(entries)))]);

    /// <summary>Every address, since the peer chooses the name and the name's owner the addresses.</summary>
    public bool Allows(IReadOnlyCollection<IPAddress> addresses, int port) => IsOpen || addresses.All(address => rules.Any(rule => rule.Allows(address, port)));
}
