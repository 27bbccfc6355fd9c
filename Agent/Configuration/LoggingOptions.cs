using Microsoft.Extensions.Logging;

namespace RPort.Agent.Configuration;

/// <summary>What is written to the log. Section <c>Logging</c>.</summary>
internal sealed class LoggingOptions
{
    /// <summary>The least important events that are written.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;
}
