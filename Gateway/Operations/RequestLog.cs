using System.Diagnostics;
using System.Net;
using RPort.Gateway.Access;

namespace RPort.Gateway.Operations;

/// <summary>One line per API call: who did what from where. Calls that change nothing are for the debug level. Never a query: it may hold a token.</summary>
internal sealed partial class RequestLog(RequestDelegate next, ClientAddress address, ILogger<RequestLog> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        await next(context);
        HttpRequest request = context.Request;
        LogLevel level = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? LogLevel.Debug : LogLevel.Information;
        if (logger.IsEnabled(level))
        {
            int milliseconds = (int)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            LogCall(logger, level, context.User.Identity?.Name ?? "-", request.Method, request.Path, context.Response.StatusCode, milliseconds, address.Of(context));
        }
    }

    [LoggerMessage(EventId = 4003, Message = "{User} {Method} {Path}: {Status} in {Milliseconds} ms, from {Address}")]
    private static partial void LogCall(ILogger logger, LogLevel level, string user, string method, PathString path, int status, int milliseconds, IPAddress address);
}
