using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Engine;

/// <summary>Looks for idle grains once per quantum.</summary>
internal sealed class IdleCollector : IDisposable
{
    private readonly Silo _silo;
    private readonly GrainCollectionOptions _options;
    private ITimer? _timer;

    public IdleCollector(Silo silo, GrainCollectionOptions options)
    {
        _silo = silo;
        _options = options;
        if (options.CollectionQuantum <= TimeSpan.Zero)
        {
            throw new OrleansConfigurationException(
                $"{nameof(options.CollectionQuantum)} is set to {options.CollectionQuantum}. It must be greater than 0");
        }

        Check(nameof(options.CollectionAge), options.CollectionAge);
        foreach ((string grainClass, TimeSpan age) in options.ClassSpecificCollectionAge)
        {
            Check(grainClass, age);
        }
    }

    public void Start() => _timer = _silo.Clock.CreateTimer(
        static state => ((IdleCollector)state!).Collect(), this, _options.CollectionQuantum, _options.CollectionQuantum);

    public void Dispose() => _timer?.Dispose();

    private void Check(string name, TimeSpan age)
    {
        if (age <= _options.CollectionQuantum)
        {
            throw new OrleansConfigurationException(
                $"{name} is set to {age}. It must be greater than {nameof(_options.CollectionQuantum)}, which is set to {_options.CollectionQuantum}");
        }
    }

    private void Collect()
    {
        DateTimeOffset now = _silo.Clock.GetUtcNow();
        foreach (Activation activation in _silo.Catalog.All)
        {
            TimeSpan age = _options.ClassSpecificCollectionAge.GetValueOrDefault(activation.GrainClass.Type.FullName!, _options.CollectionAge);
            activation.LeaveIfIdle(now, age + _silo.Deadlines.Period); // the last use is known to that period
        }
    }
}
