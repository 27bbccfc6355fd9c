using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Utilities;

namespace RPort.Contract;

public interface INewsObserver : IGrainObserver
{
    Task HeardAsync(string news);

    void Overheard(string news);
}

public interface INewsGrain : IGrainWithStringKey
{
    Task SubscribeAsync(string name, INewsObserver observer);

    Task UnsubscribeAsync(string name);

    Task<int> PublishAsync(string news, string? onlyTo);

    Task WhisperAsync(string news);

    Task TellOneAsync(INewsObserver observer, string news);

    Task ShoutAtOneAsync(INewsObserver observer, string news);

    Task AdvanceAsync(TimeSpan time);

    Task<int> CountAsync();
}

public sealed class NewsGrain : Grain, INewsGrain
{
    private readonly ObserverManager<string, INewsObserver> _observers = new(TimeSpan.FromMinutes(5), NullLogger.Instance);
    private readonly Dictionary<INewsObserver, string> _names = [];
    private DateTime _now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public NewsGrain()
    {
        _observers.GetDateTime = () => _now;
    }

    public Task SubscribeAsync(string name, INewsObserver observer)
    {
        _observers.Subscribe(name, observer);
        _names[observer] = name;
        return Task.CompletedTask;
    }

    public Task UnsubscribeAsync(string name)
    {
        _observers.Unsubscribe(name);
        return Task.CompletedTask;
    }

    public async Task<int> PublishAsync(string news, string? onlyTo)
    {
        await _observers.Notify(observer => observer.HeardAsync(news), onlyTo is null ? null : observer => _names[observer] == onlyTo);
        return _observers.Count;
    }

    public Task WhisperAsync(string news)
    {
        _observers.Notify(observer => observer.Overheard(news));
        return Task.CompletedTask;
    }

    public Task TellOneAsync(INewsObserver observer, string news) => observer.HeardAsync(news);

    public Task ShoutAtOneAsync(INewsObserver observer, string news)
    {
        observer.Overheard(news);
        return Task.CompletedTask;
    }

    public Task AdvanceAsync(TimeSpan time)
    {
        _now += time;
        return Task.CompletedTask;
    }

    public Task<int> CountAsync() => Task.FromResult(_observers.Count);
}

/// <summary>Writes down what it hears. News of "fail" make it throw, news of "hold" make it wait.</summary>
public sealed class NewsReader(Journal journal, string name) : INewsObserver
{
    public async Task HeardAsync(string news)
    {
        journal.Write(name, $"{news} begins");
        if (news == "hold")
        {
            await journal.GateAsync(name);
        }

        if (news == "fail")
        {
            throw new InvalidDataException("reader");
        }

        journal.Write(name, $"{news} ends");
    }

    public void Overheard(string news)
    {
        journal.Write(name, news);
        if (news == "fail")
        {
            throw new InvalidDataException("reader");
        }
    }
}
