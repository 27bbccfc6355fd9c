namespace RPort.Silo.Hosting;

/// <summary>Which log lines of the platform an operator needs.</summary>
public static class EngineLogs
{
    /// <summary>Information of ours and warnings of the platform, without its advice about itself. What is configured under <c>Logging</c> comes after this and wins.</summary>
    public static ILoggingBuilder AddQuietEngine(this ILoggingBuilder logging) => logging
        .SetMinimumLevel(LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
        .AddFilter("System", LogLevel.Warning)
        .AddFilter("Azure", LogLevel.Warning)
        .AddFilter("Orleans", LogLevel.Warning)
        .AddFilter("Orleans.Runtime.Silo", LogLevel.Error) // advises the server collector, which costs more memory here than it is worth
        .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error) // its first look compares with the start of the machine
        .AddFilter("Polly", LogLevel.Critical); // tells every placement of a grain; Orleans itself reports the ones that fail
}
