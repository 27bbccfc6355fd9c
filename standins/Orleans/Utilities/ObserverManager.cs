using System.Collections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Utilities;

/// <summary>The observers of a grain, by their references.</summary>
public class ObserverManager<TObserver>(TimeSpan expiration, ILogger log) : ObserverManager<IAddressable, TObserver>(expiration, log);

/// <summary>
/// The observers of a grain. One that has not subscribed again in time, or that fails, is dropped at the next notification. Not for several
/// threads; a grain may change it while a notification is under way.
/// </summary>
public class ObserverManager<TIdentity, TObserver> : IEnumerable<TObserver>
    where TIdentity : notnull
{
    private readonly Dictionary<TIdentity, Entry> _entries = [];

    public ObserverManager(TimeSpan expiration, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(log);
        ExpirationDuration = expiration;
    }

    /// <summary>The clock; a grain sets it to its own.</summary>
    public Func<DateTime> GetDateTime { get; set; } = () => DateTime.UtcNow;

    public TimeSpan ExpirationDuration { get; set; }

    /// <summary>Observers held, expired ones included until they are dropped.</summary>
    public int Count => _entries.Count;

    /// <summary>A copy.</summary>
    public IReadOnlyDictionary<TIdentity, TObserver> Observers =>
        _entries.ToDictionary(pair => pair.Key, pair => pair.Value.Observer);

    public void Clear() => _entries.Clear();

    /// <summary>Adds an observer, or renews it.</summary>
    public void Subscribe(TIdentity id, TObserver observer) => _entries[id] = new Entry(observer, GetDateTime());

    public void Unsubscribe(TIdentity id) => _entries.Remove(id);

    /// <summary>Tells one observer after the other. What they throw drops them and goes no further.</summary>
    public async Task Notify(Func<TObserver, Task> notification, Func<TObserver, bool>? predicate = null)
    {
        DateTime now = GetDateTime();
        List<TIdentity> defunct = [];
        foreach ((TIdentity id, Entry entry) in _entries.ToArray())
        {
            if (IsExpired(entry, now))
            {
                defunct.Add(id);
            }
            else if (predicate is null || predicate(entry.Observer))
            {
                try
                {
                    await notification(entry.Observer);
                }
                catch (Exception)
                {
                    defunct.Add(id); // all is caught: an observer that fails in whatever way is dropped
                }
            }
        }

        defunct.ForEach(Unsubscribe);
    }

    /// <summary>Tells one observer after the other. What they throw drops them and goes no further.</summary>
    public void Notify(Action<TObserver> notification, Func<TObserver, bool>? predicate = null)
    {
        DateTime now = GetDateTime();
        foreach ((TIdentity id, Entry entry) in _entries.ToArray())
        {
            if (IsExpired(entry, now))
            {
                Unsubscribe(id);
            }
            else if (predicate is null || predicate(entry.Observer))
            {
                try
                {
                    notification(entry.Observer);
                }
                catch (Exception)
                {
                    Unsubscribe(id); // all is caught: an observer that fails in whatever way is dropped
                }
            }
        }
    }

    /// <summary>Drops the observers that have not subscribed again in time.</summary>
    public void ClearExpired()
    {
        DateTime now = GetDateTime();
        foreach ((TIdentity id, Entry entry) in _entries.ToArray())
        {
            if (IsExpired(entry, now))
            {
                Unsubscribe(id);
            }
        }
    }

    public IEnumerator<TObserver> GetEnumerator() => _entries.Values.Select(entry => entry.Observer).ToList().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private bool IsExpired(Entry entry, DateTime now) => entry.LastSeen + ExpirationDuration < now;

    private sealed record Entry(TObserver Observer, DateTime LastSeen);
}
