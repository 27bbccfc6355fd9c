using Microsoft.Extensions.Logging;

namespace RPort.Agent.Logging;

/// <summary>The one log, for parts that ask for a logger of their own type.</summary>
internal sealed class CategoryLogger<T>(ILogger log) : ILogger<T>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        log.Log(logLevel, eventId, state, exception, formatter);
}
