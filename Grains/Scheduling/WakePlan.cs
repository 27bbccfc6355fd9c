using System.Collections.Immutable;

namespace RPort.Grains.Scheduling;

/// <summary>
/// Whom a tick wakes: everyone the first time, then those who are due, and everyone again after <see cref="Round"/>, since a push may have
/// lost its activation with another silo. In memory only.
/// </summary>
internal sealed class WakePlan
{
    /// <summary>Nobody with an alarm sleeps longer than this.</summary>
    internal static readonly TimeSpan Round = TimeSpan.FromMinutes(2);

    /// <summary>One that is due is not woken more often than this.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, DateTimeOffset> _wokenAt = [];

    public List<string> Take(ImmutableDictionary<string, DateTimeOffset> due, DateTimeOffset now)
    {
        var wake = new List<string>();
        foreach ((string upload, DateTimeOffset at) in due)
        {
            TimeSpan since = now - _wokenAt.GetValueOrDefault(upload);
            if (since >= Round || (at <= now && since >= Pause))
            {
                wake.Add(upload);
                _wokenAt[upload] = now;
            }
        }

        foreach (string gone in _wokenAt.Keys.Where(upload => !due.ContainsKey(upload)).ToList())
        {
            _wokenAt.Remove(gone);
        }

        return wake;
    }
}
