using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace RPort.Agent.Logging;

/// <summary>
/// Writes one line per event: time, level, message, and the messages of the exception chain. Text of peers cannot forge lines: control
/// characters become spaces.
/// </summary>
internal sealed class LineLogger(TextWriter output, LogLevel least, TimeProvider clock) : ILogger
{
    private readonly Lock _writing = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        StringBuilder line = new();
        line.Append(clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)).Append(' ').Append(Name(logLevel)).Append(' ');
        line.Append(formatter(state, exception));
        for (Exception? error = exception; error is not null; error = error.InnerException)
        {
            line.Append(": ").Append(error.Message);
        }

        if (exception is not null && least <= LogLevel.Debug)
        {
            line.Append(" | ").Append(exception.GetType().Name).Append(' ').Append(exception.StackTrace);
        }

        for (int i = 0; i < line.Length; i++)
        {
            if (char.IsControl(line[i]))
            {
                line[i] = ' ';
            }
        }

        lock (_writing)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO ",
        LogLevel.Warning => "WARN ",
        _ => "ERROR",
    };
}
