using RPort.Gateway.Errors;

namespace RPort.Gateway.Operations;

/// <summary>
/// Answers 503 until the process has started. A gateway of a cluster listens before it has found a silo, so that whoever restarts processes sees that it
/// lives; health is the only thing it can tell by then.
/// </summary>
internal sealed class StartGate(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (lifetime.ApplicationStarted.IsCancellationRequested || context.Request.Path.StartsWithSegments(HealthEndpoints.Prefix))
        {
            return next(context);
        }

        context.Response.Headers.RetryAfter = "5";
        return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "this gateway is starting, please try later").ExecuteAsync(context);
    }
}
