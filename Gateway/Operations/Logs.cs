using RPort.Silo.Hosting;

namespace RPort.Gateway.Operations;

/// <summary>What is logged and how.</summary>
internal static class Logs
{
    public static void AddLogs(this WebApplicationBuilder builder)
    {
        ILoggingBuilder logging = builder.Logging;
        logging.AddQuietEngine();
        logging.AddFilter(typeof(Access.ApiAuthentication).FullName, LogLevel.Warning); // the platform tells every refused call
        logging.AddConfiguration(builder.Configuration.GetSection("Logging"));

        // Whatever is configured: this category writes whole addresses of requests, and a feed's address holds a token.
        logging.Services.Configure<LoggerFilterOptions>(filters =>
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, null)));
        if (builder.Configuration.GetValue<bool>($"{OperationsOptions.Section}:{nameof(OperationsOptions.JsonLogs)}"))
        {
            logging.AddJsonConsole(console => console.UseUtcTimestamp = true);
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
        }
    }
}
