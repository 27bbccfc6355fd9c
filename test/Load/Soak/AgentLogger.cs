using Microsoft.Extensions.Logging;

namespace RPort.Load.Soak;

/// <summary>The log all agents share, with the name of the one that speaks.</summary>
internal sealed class AgentLogger(string agent, ILogger log) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        log.Log(logLevel, eventId, state, exception, (text, error) => $"{agent} {formatter(text, error)}");
}
